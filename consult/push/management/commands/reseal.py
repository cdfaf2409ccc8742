"""Encrypts the addresses of all devices anew under the first of SECRETS_KEYS; then the older keys may go."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consult.push import sealed
from consult.push.models import Device


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        done = lost = 0
        for device in Device.objects.order_by("pk").only("pk", "address").iterator(500):
            before = bytes(device.address)
            address = sealed.unseal(before)
            if address is None:
                lost += 1
            else:  # one that was registered anew meanwhile is under the new key already
                done += Device.objects.filter(pk=device.pk, address=before).update(address=sealed.seal(address))
        self.stdout.write(f"{done} sealed anew")
        if lost:
            raise CommandError(f"{lost} that no key of SECRETS_KEYS opens: do not remove a key before this says nothing of any")
