from helpdesk.core.events import Event, event


@event
class CustomerChanged(Event):
    """Something that is known of a customer changed."""

    name = "customer.changed"
    customer_id: str


@event
class RevealsChanged(Event):
    """What an agent may read of a customer changed: a reveal began, or was revoked."""

    name = "reveals.changed"
    customer_id: str
    agent_id: int


@event
class FieldsChanged(Event):
    """An administrator changed what is kept about customers."""

    name = "customer_fields.changed"
