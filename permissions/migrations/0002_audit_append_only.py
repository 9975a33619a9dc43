from django.db import migrations

REFUSE = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit records are never changed or deleted';
END $$;
CREATE TRIGGER audit_no_row_change BEFORE UPDATE OR DELETE ON permissions_auditrecord
  FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON permissions_auditrecord
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
"""
ALLOW = """
DROP TRIGGER audit_no_row_change ON permissions_auditrecord;
DROP TRIGGER audit_no_truncate ON permissions_auditrecord;
DROP FUNCTION audit_refuse_change();
"""


class Migration(migrations.Migration):
    """Append-only in the database itself, whoever writes."""

    dependencies = [("permissions", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
