"""How the user wants to be told that a job ended, and what was sent."""

from fastapi import APIRouter, status

from server.web.deps import AppServices, CurrentUser
from server.web.paging import After, Limit
from shared.wire import Delivery, ListOf, NotificationChoice, NotificationSettings, WebhookSecret

router = APIRouter(prefix="/api/notifications", tags=["notifications"])


@router.get("/settings")
def get_notification_settings(services: AppServices, user: CurrentUser) -> NotificationSettings:
    return services.notifications.settings(user)


@router.put("/settings")
def set_notification_settings(choice: NotificationChoice, services: AppServices, user: CurrentUser) -> NotificationSettings:
    """Replaces the whole choice. The first webhook address gets a secret, shown in this answer and never again."""
    return services.notifications.change(user, choice)


@router.post("/webhook-secret", status_code=status.HTTP_201_CREATED)
def create_webhook_secret(services: AppServices, user: CurrentUser) -> WebhookSecret:
    """A new secret. For a day messages are signed with the one before as well."""
    return services.notifications.new_secret(user)


@router.post("/test")
def send_test_notification(services: AppServices, user: CurrentUser) -> ListOf[Delivery]:
    """Sends a test by every way that is chosen, now, and says what came of it."""
    return services.notifications.test(user)


@router.get("/deliveries")
def list_deliveries(services: AppServices, user: CurrentUser, limit: Limit = 20, after: After = None) -> ListOf[Delivery]:
    """What was sent lately, newest first; waiting ones name the time of their next attempt."""
    return services.notifications.deliveries(user, limit=limit, after=after)
