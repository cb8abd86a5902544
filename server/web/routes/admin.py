"""What administrators see and may do. Every route asks for one, in person: no API key gets here."""

from fastapi import APIRouter, status

from server.settings import VERSION
from server.web.deps import Administrator, AppServices, CurrentVisit
from server.web.paging import After, Limit
from shared.wire import (
    Account,
    AccountPatch,
    Administration,
    Deleted,
    InstallationPatch,
    Invitation,
    InvitationRequest,
    ListOf,
    NewInvitation,
    QueueEntry,
    SecurityEvent,
)

router = APIRouter(prefix="/api/admin", tags=["administration"])


@router.get("/installation")
def get_administration(services: AppServices, caller: Administrator) -> Administration:
    return _administration(services)


@router.patch("/installation")
def patch_administration(patch: InstallationPatch, services: AppServices, caller: Administrator, visit: CurrentVisit) -> Administration:
    """Who may register from now on; the setting of the installation is only the default."""
    services.accounts.admission.choose(caller.user_id, patch.registration, visit)
    return _administration(services)


@router.get("/users")
def list_accounts(services: AppServices, caller: Administrator, limit: Limit = 20, after: After = None) -> ListOf[Account]:
    return services.directory.page(limit=limit, after=after)


@router.get("/users/{user_id}")
def get_account(user_id: str, services: AppServices, caller: Administrator) -> Account:
    return services.directory.get(user_id)


@router.patch("/users/{user_id}")
def patch_user(user_id: str, patch: AccountPatch, services: AppServices, caller: Administrator, visit: CurrentVisit) -> Account:
    """Disables or enables an account, or changes its role. Disabling ends its sessions, keys and streams at once; its runs go on."""
    return services.directory.change(caller, user_id, patch, visit)


@router.get("/queue")
def get_queue(services: AppServices, caller: Administrator) -> ListOf[QueueEntry]:
    """Every job that runs or waits, whoever it belongs to."""
    return services.directory.queue()


@router.post("/queue/{job_id}/cancel")
def cancel_queued_job(job_id: str, services: AppServices, caller: Administrator, visit: CurrentVisit) -> QueueEntry:
    """Cancels a job that runs, waits or is paused, whoever it belongs to; its owner's log and the installation's say who did it."""
    return services.directory.cancel_job(caller, job_id, visit)


@router.get("/security-log")
def list_all_security_events(services: AppServices, caller: Administrator, limit: Limit = 20, after: After = None) -> ListOf[SecurityEvent]:
    """Everybody's entries of the last 90 days. A page may hold fewer than `limit`: entries go with their account."""
    return services.directory.security_log(limit=limit, after=after)


@router.post("/invitations", status_code=status.HTTP_201_CREATED)
def create_invitation(request: InvitationRequest, services: AppServices, caller: Administrator, visit: CurrentVisit) -> NewInvitation:
    """The answer holds the code, once. With an address, it is also sent there where mail is set up."""
    return services.accounts.admission.invite(caller.user_id, request, visit)


@router.get("/invitations")
def list_invitations(services: AppServices, caller: Administrator, limit: Limit = 20, after: After = None) -> ListOf[Invitation]:
    return services.accounts.admission.invitations(limit=limit, after=after)


@router.delete("/invitations/{invitation_id}")
def withdraw_invitation(invitation_id: str, services: AppServices, caller: Administrator, visit: CurrentVisit) -> Deleted:
    services.accounts.admission.withdraw(caller.user_id, invitation_id, visit)
    return Deleted(id=invitation_id)


def _administration(services: AppServices) -> Administration:
    settings = services.settings
    return Administration(
        version=VERSION,
        registration=services.accounts.admission.mode(),
        registration_default=services.accounts.admission.default_mode,
        missing_google_settings=services.missing_settings.google,
        missing_email_settings=services.missing_settings.email,
        max_upload_bytes=settings.max_upload_bytes,
        user_quota_bytes=settings.user_quota_bytes,
        min_free_bytes=settings.min_free_bytes,
        free_bytes=services.free_bytes(),
    )
