"""Every key shape on one page: this is the database schema. The owner is part of every owned key.

partition          sort                     document
user#<usr>         profile                  the account
user#<usr>         session#<ses>            a signed-in browser: hashes of its refresh tokens
user#<usr>         apikey#<key>             an API key, without the key
user#<usr>         reset#<sha256>           a password reset that was asked for
user#<usr>         verification#<sha256>    a letter that proves an address
user#<usr>         address#<sha256>         a letter that proves the new address that an account is to have
user#<usr>         security#<time id>       what was done with the account
email#<address>    owner                    pointer: who has this address
apikey#<sha256>    owner                    pointer: whose API key this is
users              <usr>                    pointer: every account, for administrators
administrators     <usr>                    pointer: those who are
leaving            <usr>                    pointer: an account whose data is being deleted
security           <time id>                pointer: an entry of somebody's security log, for administrators
invitations        <inv>                    an invitation to register
setup              <sha256>                 a set-up link that was printed
installation       registration             who may register, where an administrator chose it
installation       schema                   the format of all of this, and the version of the product that last changed it
user#<usr>         identity#<sha256>        a sign-in at a provider that belongs to the account, by issuer and subject
identity#<sha256>  owner                    pointer: whose that sign-in is
sign-in            <time id>                somebody a provider has just told us of, for the ten minutes until they are signed in
user#<usr>         document#<doc>           an uploaded file
user#<usr>         preview#<doc>            its first examples
expiring           <due>#<doc>              pointer: a document that goes by itself, soonest first
user#<usr>         content#<sha256>         pointer: the first document with these bytes
user#<usr>         upload#<upl>             a file that is coming in parts
user#<usr>         pieces#<upl>             the same in parts of any size, as OpenAI's clients send them
user#<usr>         dataset#<dst>            documents in an order, with their split
user#<usr>         dataset-content#<sha256> pointer: the dataset of this content
user#<usr>         job#<job>                a job
user#<usr>         model#<time id>          a tuned model
user#<usr>         model-name#<ft:...>      pointer: the tuned model of this public id
user#<usr>         idempotency#<sha256>     pointer: the job that a key made
user#<usr>         submission#<sub>         a test submission: a document and what is expected of it
user#<usr>         test_set#<tst>           a test set; its items are a blob
user#<usr>         evaluation#<evl>         a run of a test set over models; its items are a blob
user#<usr>         evaluation-of#<id>#<evl> pointer: an evaluation of this test set, or of this tuned model by its key
user#<usr>         guide#<gde>              a training guide; its passages and scored items are a blob
user#<usr>         document-of#<doc>        pointer: the submission or guide that this document belongs to
user#<usr>         delivery#<dlv>           a message about the end of a job, and what became of it
user#<usr>         notifications            how the user wants to be told
user#<usr>         report#<rpt>             a report, with its share links: hashes of their tokens
shared#<sha256>    report                   pointer: the report that a share link opens
queue              <job>                    pointer: a job that waits, with its place among its owner's and what it will take
running            <job>                    pointer: a job that has a run, with the run's handle, its number and the server that watches it
paused             <job>                    pointer: a job that rests and still needs its documents
turn               last                     whose turn was when: a number for each owner, written by every start
turn               evaluation               whose evaluation was started last, written by every start of one
server             <srv>                    a server that watches runs: a number that rises while it lives
outbox             <time id>                a job that ended and of which nobody was told yet: {owner, job_id, state}
evaluating         <evl>                    pointer: an evaluation that waits or runs, with its run's handle and the server that watches it
deliveries         <due>#<dlv>              pointer: a message that is to be sent, soonest first
tidying            <job>                    files of an ended or deleted job that are being removed
run-copy           <job>                    what the blob store has of a job's runs: checkpoints, and logs in pieces
speed              <base>#<method>          tokens a second that this machine last reached
"""

from datetime import datetime

from server.ports.records import Key


def _user(user_id: str) -> str:
    return f"user#{user_id}"


def profile(user_id: str) -> Key:
    return Key(_user(user_id), "profile")


def session(user_id: str, session_id: str) -> Key:
    return Key(_user(user_id), f"session#{session_id}")


def email_owner(email: str) -> Key:
    return Key(f"email#{email}", "owner")


def api_key_owner(digest: str) -> Key:
    return Key(f"apikey#{digest}", "owner")


USERS_PARTITION = "users"
ADMINISTRATORS_PARTITION = "administrators"
LEAVING_PARTITION = "leaving"
SECURITY_PARTITION = "security"
INVITATIONS_PARTITION = "invitations"
SETUP_PARTITION = "setup"


def listed_user(user_id: str) -> Key:
    return Key(USERS_PARTITION, user_id)


def administrator(user_id: str) -> Key:
    return Key(ADMINISTRATORS_PARTITION, user_id)


def leaving(user_id: str) -> Key:
    return Key(LEAVING_PARTITION, user_id)


def security_entry(entry_id: str) -> Key:
    return Key(SECURITY_PARTITION, entry_id)


def invitation(invitation_id: str) -> Key:
    return Key(INVITATIONS_PARTITION, invitation_id)


def setup(digest: str) -> Key:
    return Key(SETUP_PARTITION, digest)


def registration_mode() -> Key:
    return Key("installation", "registration")


def schema() -> Key:
    return Key("installation", "schema")


def identity(user_id: str, digest: str) -> Key:
    return Key(_user(user_id), f"identity#{digest}")


def identity_owner(digest: str) -> Key:
    return Key(f"identity#{digest}", "owner")


SIGN_IN_PARTITION = "sign-in"


def sign_in(ticket_id: str) -> Key:
    return Key(SIGN_IN_PARTITION, ticket_id)


def owned(user_id: str, kind: str, object_id: str) -> Key:
    """A document of a collection, for example `owned(user, "document", "doc-...")`."""
    return Key(_user(user_id), f"{kind}#{object_id}")


def collection_partition(user_id: str) -> str:
    return _user(user_id)


def collection_prefix(kind: str) -> str:
    return f"{kind}#"


def idempotency(user_id: str, digest: str) -> Key:
    return Key(_user(user_id), f"idempotency#{digest}")


QUEUE_PARTITION = "queue"
RUNNING_PARTITION = "running"
PAUSED_PARTITION = "paused"
SERVER_PARTITION = "server"
OUTBOX_PARTITION = "outbox"
DELIVERIES_PARTITION = "deliveries"
TIDYING_PARTITION = "tidying"
EVALUATING_PARTITION = "evaluating"
EXPORTING_PARTITION = "exporting"
RUN_COPY_PARTITION = "run-copy"


def queued(job_id: str) -> Key:
    return Key(QUEUE_PARTITION, job_id)


def running(job_id: str) -> Key:
    return Key(RUNNING_PARTITION, job_id)


OUTBOX_PARTITION = "outbox"
DELIVERIES_PARTITION = "deliveries"


def paused(job_id: str) -> Key:
    return Key(PAUSED_PARTITION, job_id)


def turn() -> Key:
    return Key("turn", "last")


def server(server_id: str) -> Key:
    return Key(SERVER_PARTITION, server_id)


def outbox(entry_id: str) -> Key:
    return Key(OUTBOX_PARTITION, entry_id)


def due_delivery(due: datetime, delivery_id: str) -> Key:
    """In the order of `due`, which is aware UTC."""
    return Key(DELIVERIES_PARTITION, f"{due.isoformat(timespec='microseconds')}#{delivery_id}")


EXPIRING_PARTITION = "expiring"


def expiring(due: datetime, document_id: str) -> Key:
    """In the order of `due`, which is aware UTC."""
    return Key(EXPIRING_PARTITION, f"{due.isoformat(timespec='microseconds')}#{document_id}")


def notifications(user_id: str) -> Key:
    return Key(_user(user_id), "notifications")


def tidying(job_id: str) -> Key:
    return Key(TIDYING_PARTITION, job_id)


def evaluating(evaluation_id: str) -> Key:
    return Key(EVALUATING_PARTITION, evaluation_id)


def exporting(export_id: str) -> Key:
    return Key(EXPORTING_PARTITION, export_id)


def evaluation_turn() -> Key:
    return Key("turn", "evaluation")


def evaluation_of(user_id: str, subject: str, evaluation_id: str) -> Key:
    """`subject` is a test set's id or a tuned model's key."""
    return Key(_user(user_id), f"{evaluations_prefix(subject)}{evaluation_id}")


def evaluations_prefix(subject: str) -> str:
    return f"evaluation-of#{subject}#"


def run_copy(job_id: str) -> Key:
    """Not among its owner's documents: it goes when its bytes are gone, which may be after they are."""
    return Key(RUN_COPY_PARTITION, job_id)


def speed(base_model: str, method: str) -> Key:
    return Key("speed", f"{base_model}#{method}")


def document_blob(user_id: str, document_id: str) -> str:
    return f"documents/{user_id}/{document_id}"


def document_text_blob(user_id: str, document_id: str) -> str:
    return f"document-texts/{user_id}/{document_id}"


def document_problems_blob(user_id: str, document_id: str) -> str:
    return f"document-problems/{user_id}/{document_id}"


def upload_part_blob(user_id: str, upload_id: str, part: int) -> str:
    return f"uploads/{user_id}/{upload_id}/{part}"


def piece_blob(user_id: str, upload_id: str, piece_id: str) -> str:
    return f"uploads/{user_id}/{upload_id}/{piece_id}"


def upload_problems_blob(user_id: str, upload_id: str) -> str:
    return f"uploads/{user_id}/{upload_id}/problems"


def shared_report(digest: str) -> Key:
    return Key(f"shared#{digest}", "report")


def report_blob(user_id: str, report_id: str) -> str:
    return f"reports/{user_id}/{report_id}"


def model_blob(user_id: str, model_id: str, path: str) -> str:
    return f"tuned-models/{user_id}/{model_id}/{path}"


def submission_blob(user_id: str, submission_id: str) -> str:
    return f"submission-texts/{user_id}/{submission_id}"


def test_items_blob(user_id: str, test_set_id: str) -> str:
    return f"test-items/{user_id}/{test_set_id}"


def evaluation_items_blob(user_id: str, evaluation_id: str) -> str:
    return f"evaluations/{user_id}/{evaluation_id}/items"


def evaluation_index_blob(user_id: str, evaluation_id: str) -> str:
    return f"evaluations/{user_id}/{evaluation_id}/index"


def guide_blob(user_id: str, guide_id: str, edition: str) -> str:
    return f"guides/{user_id}/{guide_id}/{edition}"


RUN_BLOBS = "runs/"


def run_blob(user_id: str, job_id: str, sha256: str) -> str:
    """Something that a job's runs left, by what it is."""
    return f"{RUN_BLOBS}{user_id}/{job_id}/{sha256}"
