"""One's own account. Nothing in here can be reached with an API key."""

from fastapi import APIRouter, Request, status
from fastapi.responses import StreamingResponse

from server.domain.accounts.callers import Caller
from server.domain.accounts.export import RESOURCE
from server.domain.accounts.visits import Visit
from server.errors import Conflict
from server.web.attachments import disposition
from server.web.deps import AppServices, CurrentVisit, InPerson
from server.web.login_limit import Try
from server.web.paging import After, Limit
from server.web.routes.auth import limit_of
from shared.wire import (
    Accepted,
    AccountDeletion,
    Deleted,
    DownloadLink,
    EmailChange,
    EmailChangeRequest,
    LinkedSignIn,
    ListOf,
    PasswordChange,
    ProfilePatch,
    SecurityEvent,
    SignIn,
    SignInsEnded,
    User,
)

router = APIRouter(prefix="/api/account", tags=["accounts"])


@router.patch("")
def patch_account(patch: ProfilePatch, services: AppServices, caller: InPerson, visit: CurrentVisit) -> User:
    return services.accounts.rename(caller.user_id, patch.name, visit)


@router.post("/password", status_code=status.HTTP_204_NO_CONTENT)
def change_password(change: PasswordChange, services: AppServices, caller: InPerson, visit: CurrentVisit, request: Request) -> None:
    """Takes the current password, and ends every other session."""
    with limit_of(request).trying(_try_of(caller, visit)):
        services.accounts.change_password(caller, change.current_password, change.new_password, visit)


@router.post("/verification", status_code=status.HTTP_202_ACCEPTED)
def send_verification(services: AppServices, caller: InPerson) -> Accepted:
    """Sends the letter that proves one's address again; at most three are open at a time."""
    if not services.accounts.letters.configured:
        raise Conflict("This installation sends no mail, so it verifies no addresses.", code="accounts.no_mail")
    services.accounts.recovery.send_verification(services.accounts.users.active(caller.user_id))
    return Accepted(message="A letter with a link is on its way.")


@router.post("/email")
def change_email(asked: EmailChangeRequest, services: AppServices, caller: InPerson, visit: CurrentVisit, request: Request) -> EmailChange:
    """Another address for the account. Where mail is set up, it counts once the link in a letter to it is opened; the old one is told."""
    # As registering, this may tell that an address is taken; how often somebody may find it out is limited alike.
    registering = limit_of(request).trying(Try("registration", visit.network), wrong=(Conflict,))
    with limit_of(request).trying(_try_of(caller, visit)), registering:
        return services.accounts.change_email(caller, asked.email, asked.password, visit)


@router.get("/identities")
def list_linked_sign_ins(services: AppServices, caller: InPerson) -> ListOf[LinkedSignIn]:
    """Accounts at a provider such as Google that sign in to this one."""
    return services.accounts.linked_sign_ins(caller.user_id)


@router.delete("/identities/{linked_id}")
def unlink_sign_in(linked_id: str, services: AppServices, caller: InPerson, visit: CurrentVisit) -> Deleted:
    """Refused when it is the only way in."""
    services.accounts.unlink_sign_in(caller.user_id, linked_id, visit)
    return Deleted(id=linked_id)


@router.get("/sessions")
def list_sign_ins(services: AppServices, caller: InPerson) -> ListOf[SignIn]:
    """Every signed-in browser, newest first."""
    return services.accounts.sign_ins(caller)


@router.delete("/sessions/{session_id}")
def end_sign_in(session_id: str, services: AppServices, caller: InPerson, visit: CurrentVisit) -> Deleted:
    services.accounts.end_sign_in(caller.user_id, session_id, visit)
    return Deleted(id=session_id)


@router.post("/sessions/end-others")
def end_other_sign_ins(services: AppServices, caller: InPerson, visit: CurrentVisit) -> SignInsEnded:
    """Signs out everywhere else."""
    return SignInsEnded(num_ended=services.accounts.end_other_sign_ins(caller, visit))


@router.get("/security-log")
def list_security_events(services: AppServices, caller: InPerson, limit: Limit = 20, after: After = None) -> ListOf[SecurityEvent]:
    """What was done with this account in the last 90 days."""
    events, has_more = services.accounts.log.page(caller.user_id, limit=limit, after=after)
    return ListOf(data=events, has_more=has_more)


@router.get("/export", response_class=StreamingResponse)
def export_account(services: AppServices, caller: InPerson, visit: CurrentVisit) -> StreamingResponse:
    """Everything that is kept of this user, as one ZIP."""
    return export_answer(services, caller.user_id, visit)


@router.post("/export-link")
def create_export_link(services: AppServices, caller: InPerson) -> DownloadLink:
    """An address for a plain browser download of the export. It holds for a minute."""
    token, expires_in = services.accounts.download_token(caller, RESOURCE)
    return DownloadLink(url=f"/api/downloads/{token}", expires_in=expires_in)


@router.post("/delete", status_code=status.HTTP_202_ACCEPTED)
def delete_account(
    confirmation: AccountDeletion, services: AppServices, caller: InPerson, visit: CurrentVisit, request: Request
) -> Deleted:
    """Deletes the account with all its data; runs are stopped. Signed out at once, the data goes in the minutes after."""
    with limit_of(request).trying(_try_of(caller, visit)):
        services.departure.ask(caller, confirmation, visit)
    services.sweeper.wake()
    return Deleted(id=caller.user_id)


def export_answer(services: AppServices, user_id: str, visit: Visit) -> StreamingResponse:
    archive = services.export.archive(user_id)
    services.accounts.log.noticed(user_id, "data_exported", visit)
    headers = {"content-disposition": disposition("llm-tuner-export.zip")}
    return StreamingResponse(iter(archive), media_type="application/zip", headers=headers)


def _try_of(caller: Caller, visit: Visit) -> Try:
    """Tries of the current password count by session: whoever has taken one over cannot guess on, nor hold off the other sessions."""
    return Try("current password", visit.network, caller.via)
