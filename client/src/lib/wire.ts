// The server's words as the page names them. Everything here is generated from the server (scripts/gen_types.py); only the names are ours.
import type { components } from "@wire";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type Administration = Schemas["Administration"];
export type ApiKey = Schemas["ApiKey"];
export type BaseModel = Schemas["BaseModelInfo"];
export type Blocker = Schemas["Blocker"];
export type Comparison = Schemas["Comparison"];
export type Checkpoint = Schemas["Checkpoint"];
export type Column = Schemas["Column"];
export type Conclusion = Report["conclusions"][number];
export type Credentials = Schemas["Credentials"];
export type Dataset = Schemas["Dataset"];
export type Deleted = Schemas["Deleted"];
export type Delivery = Schemas["Delivery"];
export type Document = Schemas["Document"];
export type DocumentFormat = Document["format"];
export type DownloadLink = Schemas["DownloadLink"];
export type EndState = Schemas["NotificationSettings"]["states"][number];
export type ErrorBody = Schemas["ErrorBody"];
export type ErrorDetail = Schemas["ErrorDetail"];
export type ErrorInfo = Schemas["ErrorInfo"];
export type EvaluatedItem = Schemas["EvaluatedItem"];
export type Evaluation = Schemas["Evaluation"];
export type EvaluationSummary = Schemas["EvaluationSummary"];
export type EvaluationState = Evaluation["state"];
export type ForeignFinish = Schemas["ForeignFinish"];
export type Forecast = Schemas["Forecast"];
export type Generation = Schemas["Generation"];
export type Grader = TestSetPreview["grader"];
export type Guide = Schemas["Guide"];
export type GuidePassage = Schemas["GuidePassage"];
export type HistogramBin = Schemas["HistogramBin"];
export type Hyperparameters = Schemas["Hyperparameters"];
export type Installation = Schemas["Installation"];
export type Invitation = Schemas["Invitation"];
export type ItemResult = Schemas["ItemResult"];
export type Job = Schemas["Job"];
export type JobAction = Schemas["JobAction"];
export type JobError = Schemas["JobError"];
export type JobMove = Schemas["JobMove"];
export type JobState = Job["state"];
export type LogLine = Schemas["LogLine"];
export type LogPage = Schemas["LogPage"];
export type Look = Schemas["Look"];
export type LookSample = Schemas["LookSample"];
export type Mapping = Schemas["Mapping"];
export type Method = Job["method"];
export type MetricPoint = Schemas["MetricPoint"];
export type Metrics = Schemas["Metrics"];
export type Metric = Schemas["Metric"];
export type ModelResult = Schemas["ModelResult"];
export type NewApiKey = Schemas["NewApiKey"];
export type NewInvitation = Schemas["NewInvitation"];
export type NewShareLink = Schemas["NewShareLink"];
export type NotificationChoice = Schemas["NotificationChoice"];
export type NotificationSettings = Schemas["NotificationSettings"];
export type Pair = Schemas["Pair"];
export type Preview = Schemas["Preview"];
export type PreviewExample = Schemas["PreviewExample"];
export type Probability = Schemas["Probability"];
export type Problem = Schemas["Problem"];
export type Progress = Schemas["Progress"];
export type QueueEntry = Schemas["QueueEntry"];
export type RegistrationMode = Installation["registration"];
export type Report = Schemas["Report"];
export type ReportFormat = Report["format"];
export type Resolved = Schemas["Resolved"];
export type Sample = Schemas["Sample"];
export type SampleGeneration = Schemas["SampleGeneration"];
export type Scope = ApiKey["scopes"][number];
export type ScoredItem = Schemas["ScoredItem"];
export type SecurityEvent = Schemas["SecurityEvent"];
export type Session = Schemas["Session"];
export type ShareLink = Schemas["ShareLink"];
export type Shape = Mapping["shape"];
export type SignIn = Schemas["SignIn"];
export type Split = Dataset["split"];
export type TestColumns = Schemas["TestColumns"];
export type TestItem = Schemas["TestItem"];
export type TestSet = Schemas["TestSet"];
export type TestSetPreview = Schemas["TestSetPreview"];
export type TestSubmission = Schemas["TestSubmission"];
export type Token = Schemas["Token"];
export type TokenizedExample = Schemas["TokenizedExample"];
export type TunedModel = Schemas["TunedModel"];
export type Upload = Schemas["Upload"];
export type Usage = Schemas["Usage"];
export type User = Schemas["User"];
export type Verdict = Schemas["Verdict"];
export type WebhookSecret = Schemas["WebhookSecret"];

/** One page of a collection, newest first. */
export interface ListOf<T> {
  data: T[];
  has_more: boolean;
}

/** What may be left out of a request is optional here, whatever the server fills in. */
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

export type EvaluationRequest = Pick<Schemas["EvaluationRequest"], "test_set_id" | "tuned_model_ids"> & Partial<Schemas["EvaluationRequest"]>;
export type GuidePatch = Partial<Schemas["GuidePatch"]>;
export type ItemOrder = "given" | "best" | "worst";
export type ScoredItemPatch = Partial<Schemas["ScoredItemPatch"]>;
export type ScoredItemRequest = Pick<Schemas["ScoredItemRequest"], "text" | "score"> & Partial<Schemas["ScoredItemRequest"]>;
export type TestSetRequest = Partial<Omit<Schemas["TestSetRequest"], "columns">> & { columns?: (Pick<TestColumns, "prompt"> & Partial<TestColumns>) | null };
export type TestSubmissionPatch = Partial<Schemas["TestSubmissionPatch"]>;

export type HyperparameterName = keyof Hyperparameters;

export type ReportRequest = Pick<Schemas["ReportRequest"], "job_ids"> & Partial<Schemas["ReportRequest"]>;
