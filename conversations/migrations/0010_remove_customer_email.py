from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("conversations", "0009_customer_values")]
    operations = [migrations.RemoveField(model_name="customer", name="email")]
