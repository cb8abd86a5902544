"""Personal API keys. A key cannot make, see or revoke keys."""

from fastapi import APIRouter, status

from server.web.deps import AppServices, CurrentVisit, InPerson
from shared.wire import ApiKey, ApiKeyRequest, Deleted, ListOf, NewApiKey

router = APIRouter(prefix="/api/keys", tags=["API keys"])


@router.post("", status_code=status.HTTP_201_CREATED)
def create_api_key(request: ApiKeyRequest, services: AppServices, caller: InPerson, visit: CurrentVisit) -> NewApiKey:
    """The answer holds the key, once. Send it as `Authorization: Bearer ltk_...`."""
    return services.accounts.keys.create(caller.user_id, request, visit)


@router.get("")
def list_api_keys(services: AppServices, caller: InPerson) -> ListOf[ApiKey]:
    """All of them, newest first, those that ran out included."""
    return services.accounts.keys.page(caller.user_id)


@router.delete("/{key_id}")
def revoke_api_key(key_id: str, services: AppServices, caller: InPerson, visit: CurrentVisit) -> Deleted:
    """The key stops working at once."""
    services.accounts.keys.revoke(caller.user_id, key_id, visit)
    services.accounts.look_up_again(caller.user_id)
    return Deleted(id=key_id)
