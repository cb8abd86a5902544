// The server's words as the page names them. Everything here is generated from the server (scripts/gen_types.py); only the names are ours.
import type { components } from "@wire";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type Administration = Schemas["Administration"];
export type ApiKey = Schemas["ApiKey"];
export type BaseModel = Schemas["BaseModelInfo"];
export type Blocker = Schemas["Blocker"];
export type Checkpoint = Schemas["Checkpoint"];
export type Column = Schemas["Column"];
export type Credentials = Schemas["Credentials"];
export type Dataset = Schemas["Dataset"];
export type Deleted = Schemas["Deleted"];
export type Delivery = Schemas["Delivery"];
export type Document = Schemas["Document"];
export type DocumentFormat = Document["format"];
export type DownloadLink = Schemas["DownloadLink"];
export type EmailChange = Schemas["EmailChange"];
export type EndState = Schemas["NotificationSettings"]["states"][number];
export type ErrorBody = Schemas["ErrorBody"];
export type ErrorDetail = Schemas["ErrorDetail"];
export type ErrorInfo = Schemas["ErrorInfo"];
export type ForeignFinish = Schemas["ForeignFinish"];
export type Forecast = Schemas["Forecast"];
export type Generation = Schemas["Generation"];
export type HistogramBin = Schemas["HistogramBin"];
export type Hyperparameters = Schemas["Hyperparameters"];
export type Installation = Schemas["Installation"];
export type Invitation = Schemas["Invitation"];
export type Job = Schemas["Job"];
export type JobAction = Schemas["JobAction"];
export type JobError = Schemas["JobError"];
export type JobMove = Schemas["JobMove"];
export type JobState = Job["state"];
export type LinkedSignIn = Schemas["LinkedSignIn"];
export type LogLine = Schemas["LogLine"];
export type LogPage = Schemas["LogPage"];
export type Look = Schemas["Look"];
export type LookSample = Schemas["LookSample"];
export type Mapping = Schemas["Mapping"];
export type Method = Job["method"];
export type MetricPoint = Schemas["MetricPoint"];
export type Metrics = Schemas["Metrics"];
export type NewApiKey = Schemas["NewApiKey"];
export type NewInvitation = Schemas["NewInvitation"];
export type NotificationChoice = Schemas["NotificationChoice"];
export type NotificationSettings = Schemas["NotificationSettings"];
export type Pair = Schemas["Pair"];
export type Preview = Schemas["Preview"];
export type PreviewExample = Schemas["PreviewExample"];
export type Problem = Schemas["Problem"];
export type Progress = Schemas["Progress"];
export type QueueEntry = Schemas["QueueEntry"];
export type RegistrationMode = Installation["registration"];
export type Resolved = Schemas["Resolved"];
export type Sample = Schemas["Sample"];
export type SampleGeneration = Schemas["SampleGeneration"];
export type Scope = ApiKey["scopes"][number];
export type SecurityEvent = Schemas["SecurityEvent"];
export type Session = Schemas["Session"];
export type Shape = Mapping["shape"];
export type SignIn = Schemas["SignIn"];
export type Split = Dataset["split"];
export type Token = Schemas["Token"];
export type TokenizedExample = Schemas["TokenizedExample"];
export type TunedModel = Schemas["TunedModel"];
export type Upload = Schemas["Upload"];
export type Usage = Schemas["Usage"];
export type User = Schemas["User"];
export type WebhookSecret = Schemas["WebhookSecret"];

/** One page of a collection, newest first. */
export interface ListOf<T> {
  data: T[];
  has_more: boolean;
}

/** What may be left out of a request is optional here, whatever the server fills in. */
export type EmailChangeRequest = Pick<Schemas["EmailChangeRequest"], "email"> & Partial<Schemas["EmailChangeRequest"]>;
export type ForeignLink = Pick<Schemas["ForeignLink"], "code"> & Partial<Schemas["ForeignLink"]>;
export type AccountDeletion = Pick<Schemas["AccountDeletion"], "email"> & Partial<Schemas["AccountDeletion"]>;
export type AccountPatch = Partial<Schemas["AccountPatch"]>;
export type ApiKeyRequest = Schemas["ApiKeyRequest"];
export type GenerateRequest = Partial<Schemas["GenerateRequest"]>;
export type InvitationRequest = Partial<Schemas["InvitationRequest"]>;
export type JobRequest = Pick<Schemas["JobRequest"], "base_model"> & Partial<Schemas["JobRequest"]>;
export type JobChanges = Partial<Schemas["JobChanges"]>;
export type JobPatch = Partial<Schemas["JobPatch"]>;
export type PasswordChange = Schemas["PasswordChange"];
export type ReadingOptions = Partial<Schemas["ReadingOptions"]>;
export type DocumentPatch = Partial<Omit<Schemas["DocumentPatch"], "reading">> & { reading?: ReadingOptions };
export type DatasetRequest = Pick<Schemas["DatasetRequest"], "document_ids"> & Partial<Schemas["DatasetRequest"]>;
export type Registration = Credentials & Partial<Schemas["Registration"]>;
export type SetUp = Schemas["SetUp"];
export type LookRequest = Pick<Schemas["LookRequest"], "base_model"> & Partial<Schemas["LookRequest"]>;

export type HyperparameterName = keyof Hyperparameters;
