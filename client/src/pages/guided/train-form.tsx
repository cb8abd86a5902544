// What a training starts from and how it is set: the recommended model, a name, and the forecast. Everything else may stay as it is.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useId, useState, type FormEvent } from "react";
import { datasetQuery } from "@/features/datasets/queries";
import { useForecast } from "@/features/jobs/forecast";
import { ForecastPanel } from "@/features/jobs/forecast-panel";
import { isShortRun } from "@/features/jobs/job-fields";
import { parseSetting, readSettings, SETTINGS, settingValue, type SettingTexts } from "@/features/jobs/settings";
import { useSubmitOnce } from "@/features/jobs/submit-once";
import { useBases } from "@/features/models/use-bases";
import { testSetsQuery } from "@/features/testing/queries";
import { fieldErrors, type FieldErrors } from "@/lib/errors";
import { amount, counted } from "@/lib/format";
import type { BaseModel, Forecast, ForecastChange, HyperparameterName, Job, JobRequest, Method } from "@/lib/wire";
import { Button, TextLink } from "@/ui/button";
import { SelectField, TextField } from "@/ui/field";
import { Fold } from "@/ui/fold";
import { Failed, Loading, Note } from "@/ui/notices";
import { Badge } from "@/ui/text";
import { recommended } from "./recommended";

const SHOWN: readonly HyperparameterName[] = ["epochs", "batch_size", "learning_rate"];
const FIELDS = ["name", "base_model", "test_set_id", ...SHOWN.map((name) => `hyperparameters.${name}`)];
const NO_ERRORS: FieldErrors = { fields: {}, general: null };

export function TrainForm({ datasetId, onStarted }: { datasetId: string; onStarted: (job: Job) => void }) {
  const bases = useBases(undefined);
  const dataset = useQuery(datasetQuery(datasetId));
  if (bases.isPending || dataset.isPending) return <Loading what="Loading the models" />;
  if (!dataset.data) return <Failed what="The data" error={dataset.error} onRetry={() => void dataset.refetch()} />;
  const usable = bases.all?.filter(({ availability }) => availability !== "unavailable") ?? [];
  const first = recommended(usable);
  if (!first) return <Failed what="The models" error={bases.error} onRetry={() => void bases.refetch()} />;
  return <Form datasetId={datasetId} datasetName={dataset.data.name} models={usable} first={first} onStarted={onStarted} />;
}

interface FormProps {
  datasetId: string;
  datasetName: string;
  models: readonly BaseModel[];
  first: BaseModel;
  onStarted: (job: Job) => void;
}

function Form({ datasetId, datasetName, models, first, onStarted }: FormProps) {
  const [base, setBase] = useState(first.id);
  const [name, setName] = useState("");
  const [method, setMethod] = useState<Method>();
  const [texts, setTexts] = useState<SettingTexts>({});
  const [testSet, setTestSet] = useState("");
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<FieldErrors & { short: boolean }>({ ...NO_ERRORS, short: false });
  const submitOnce = useSubmitOnce();
  const settings = readSettings(texts);
  const asked: JobRequest | null = settings && { base_model: base, dataset_id: datasetId, hyperparameters: settings, ...(method && { method }) };
  const forecast = useForecast(asked);
  const live = forecast.error ? fieldErrors(forecast.error, FIELDS) : NO_ERRORS;
  const errors = { ...live.fields, ...refused.fields };

  async function start(allowShort: boolean) {
    if (asked === null) return;
    setBusy(true);
    setRefused({ ...NO_ERRORS, short: false });
    try {
      onStarted(
        await submitOnce({
          request: {
            ...asked,
            ...(name.trim() === "" ? {} : { name: name.trim() }),
            ...(testSet === "" ? {} : { test_set_id: testSet }),
            ...(allowShort ? { allow_short_run: true } : {}),
          },
        }),
      );
    } catch (error) {
      setRefused({ ...fieldErrors(error, FIELDS), short: isShortRun(error) });
    } finally {
      setBusy(false);
    }
  }

  function chooseBase(id: string) {
    setBase(id);
    setMethod(undefined); // What fitted another base may not be a method of this one.
  }

  function takeChange(change: ForecastChange) {
    if (change.method) setMethod(change.method);
    setTexts({ ...texts, ...Object.fromEntries(Object.entries(change.hyperparameters).map(([key, value]) => [key, String(value)])) });
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    void start(false);
  }

  return (
    <form noValidate onSubmit={submit} className="grid grid-cols-[minmax(0,1fr)] gap-6 lg:grid-cols-[minmax(0,1fr)_20rem] lg:items-start">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-6">
        <ModelChoice models={models} recommendedId={first.id} chosen={base} error={errors.base_model} onChoose={chooseBase} />
        <TextField
          label="Name of the model"
          placeholder={datasetName}
          hint="May stay empty."
          maxLength={200}
          value={name}
          error={errors.name}
          onChange={(event) => setName(event.target.value)}
        />
        <Settings datasetId={datasetId} base={base} texts={texts} forecast={forecast.data} errors={errors} onTexts={setTexts} testSet={testSet} onTestSet={setTestSet} />
      </div>
      <div className="grid gap-3 lg:sticky lg:top-8">
        <ForecastPanel forecast={forecast.data} error={live.general} waiting={forecast.isFetching} complete={asked !== null} onChange={takeChange} />
        {refused.general && (
          <Note tone="bad" role="alert">
            <p>{refused.general}</p>
            {refused.short && (
              <Button className="mt-2" busy={busy} onClick={() => void start(true)}>
                Start all the same
              </Button>
            )}
          </Note>
        )}
        <Button type="submit" look="primary" icon="play" busy={busy}>
          Start training
        </Button>
      </div>
    </form>
  );
}

interface ModelChoiceProps {
  models: readonly BaseModel[];
  recommendedId: string;
  chosen: string;
  error: string | undefined;
  onChoose: (id: string) => void;
}

/** One model is shown, the chosen one; the others wait behind a fold. */
function ModelChoice({ models, recommendedId, chosen, error, onChoose }: ModelChoiceProps) {
  const group = useId();
  const model = models.find(({ id }) => id === chosen);
  return (
    <fieldset className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <legend className="mb-2 text-lg font-semibold">Model to start from</legend>
      {model && (
        <div className="card border-accent bg-accent-soft p-4">
          <p className="flex flex-wrap items-center gap-2">
            <span className="font-medium">{model.name}</span>
            {chosen === recommendedId && <Badge tone="accent">recommended</Badge>}
          </p>
          <p>{model.description}</p>
          <p className="text-xs text-ink-soft">{amount(model.num_parameters)} parameters</p>
        </div>
      )}
      {error && (
        <p role="alert" className="text-bad">
          {error}
        </p>
      )}
      {models.length > 1 && (
        <Fold summary="Choose another model">
          <ul className="card mt-1 divide-y divide-line">
            {models.map(({ id, name, description, num_parameters }) => (
              <li key={id}>
                <label className="flex min-h-11 gap-3 px-4 py-2 hover:bg-hover has-checked:bg-accent-soft">
                  <input type="radio" name={group} className="mt-1 size-4 shrink-0" value={id} checked={id === chosen} onChange={() => onChoose(id)} />
                  <span className="min-w-0">
                    <span className="block font-medium break-words">{name}</span>
                    <span className="text-xs text-ink-soft">
                      {description} {amount(num_parameters)} parameters.
                    </span>
                  </span>
                </label>
              </li>
            ))}
          </ul>
        </Fold>
      )}
    </fieldset>
  );
}

interface SettingsProps {
  datasetId: string;
  base: string;
  texts: SettingTexts;
  forecast: Forecast | undefined;
  errors: Record<string, string>;
  onTexts: (texts: SettingTexts) => void;
  testSet: string;
  onTestSet: (id: string) => void;
}

function Settings({ datasetId, base, texts, forecast, errors, onTexts, testSet, onTestSet }: SettingsProps) {
  const testSets = useInfiniteQuery(testSetsQuery);
  const wrong = SHOWN.some((name) => errors[`hyperparameters.${name}`] !== undefined);
  return (
    <Fold summary="Change how it is trained" open={wrong || undefined}>
      <div className="mt-2 grid gap-4 sm:grid-cols-3">
        {SETTINGS.filter(({ name }) => SHOWN.includes(name)).map((setting) => {
          const text = texts[setting.name] ?? "";
          const parsed = parseSetting(setting, text);
          const resolved = forecast?.resolved[setting.name];
          return (
            <TextField
              key={setting.name}
              label={setting.label}
              inputMode="decimal"
              autoComplete="off"
              placeholder={resolved ? `auto: ${settingValue(setting.name, resolved.value)}` : "auto"}
              hint={setting.help}
              value={text}
              error={parsed.ok ? errors[`hyperparameters.${setting.name}`] : parsed.message}
              onChange={(event) => onTexts({ ...texts, [setting.name]: event.target.value })}
            />
          );
        })}
        {testSets.data && testSets.data.length > 0 && (
          <div className="sm:col-span-3">
            <SelectField
              label="Test it by itself when it is done"
              hint="With a test that you have made before. You can also test it yourself in the next step."
              value={testSet}
              error={errors.test_set_id}
              onChange={(event) => onTestSet(event.target.value)}
            >
              <option value="">no, I test it myself</option>
              {testSets.data.map(({ id, name, num_items }) => (
                <option key={id} value={id}>
                  {name} ({counted(num_items, "item")})
                </option>
              ))}
            </SelectField>
          </div>
        )}
      </div>
      <p className="mt-3 text-ink-soft">
        Empty means auto.{" "}
        <TextLink to="/jobs/new" search={{ dataset: datasetId, model: base }}>
          Every setting there is
        </TextLink>{" "}
        has a page of its own.
      </p>
    </Fold>
  );
}
