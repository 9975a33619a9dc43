from celery import shared_task

from permissions.accounts.session_commands import end_what_rules_end


@shared_task(ignore_result=True)
def end_sign_ins() -> None:
    """End the sign-ins that the security rules end. Running it twice changes nothing."""
    end_what_rules_end()
