from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("images", "0002_description")]

    operations = [
        migrations.AddIndex(
            model_name="image",
            index=models.Index(condition=models.Q(message_id__isnull=False, state="held"), fields=["message_id"], name="images_held"),
        ),
    ]
