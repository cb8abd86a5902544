// The form for a job: data, model, settings, with the forecast beside it. Submit is always possible; it leads to what is still wrong.
import { useState, type FormEvent, type ReactNode } from "react";
import { flushSync } from "react-dom";
import { FormProvider, useForm, useWatch } from "react-hook-form";
import { createDataset } from "@/lib/api/datasets";
import type { BaseModel, Dataset, DatasetRequest, Document, ForecastChange, HyperparameterName, Job, LookRequest, TestSet } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Note } from "@/ui/notices";
import { BaseModelPicker } from "./base-model-picker";
import { DataFields } from "./data-fields";
import { useForecast } from "./forecast";
import { ForecastPanel } from "./forecast-panel";
import {
  changesOf,
  chosenData,
  datasetToMake,
  hasAdvancedMistake,
  isShortRun,
  liveErrors,
  showRefusal,
  toForecastRequest,
  toLookRequest,
  toRequest,
  type JobFields,
} from "./job-fields";
import { SettingsFields } from "./settings-fields";
import { AllowShortRun } from "./short-run";
import { TestField } from "./test-field";
import { useSubmitOnce } from "./submit-once";

/** What the look at the data needs of the form. */
export interface LookSlot {
  request: LookRequest | null;
  /** Changes when the look would be another one, though the request is the same until it is prepared. */
  about: string;
  prepare: (request: LookRequest) => Promise<LookRequest>;
  override: ReactNode;
}

interface NewJobFormProps {
  documents: readonly Document[];
  datasets?: readonly Dataset[];
  /** What the model can be tested with by itself when it is done. */
  testSets?: readonly TestSet[];
  models: readonly BaseModel[];
  start: JobFields;
  /** The job that the form started from, while its data is all still here: then a copy of it is made. */
  copyOf?: string | undefined;
  onCreated: (job: Job) => void;
  /** Shows what the model would see of the data. */
  look?: (slot: LookSlot) => ReactNode;
}

export function NewJobForm({ documents, datasets = [], testSets = [], models, start, copyOf, onCreated, look }: NewJobFormProps) {
  const form = useForm<JobFields>({ defaultValues: start });
  const { register, handleSubmit, setError, setValue, formState } = form;
  const [general, setGeneral] = useState<{ message: string; shortRun: boolean } | null>(null);
  const [advancedOpen, setAdvancedOpen] = useState(false);
  const submitOnce = useSubmitOnce();
  const values = useWatch({ control: form.control }) as JobFields;
  const forecast = useForecast(toForecastRequest(values));
  const live = liveErrors(forecast.error);

  async function submit(fields: JobFields) {
    const request = toRequest(fields);
    if (request === null) return;
    setGeneral(null);
    try {
      const changes = copyOf === undefined ? null : changesOf(start, fields);
      onCreated(
        await submitOnce(
          copyOf !== undefined && changes !== null ? { copyOf, changes } : { request: await withDataset(request, datasetToMake(fields)) },
        ),
      );
    } catch (error) {
      const message = showRefusal(error, setError, () => flushSync(() => setAdvancedOpen(true)));
      setGeneral(message === null ? null : { message, shortRun: isShortRun(error) });
    }
  }

  function submitted(event: FormEvent) {
    // A mistake in a folded setting could not be focused.
    if (hasAdvancedMistake(form.getValues())) flushSync(() => setAdvancedOpen(true));
    void handleSubmit(submit)(event);
  }

  /** A method that the newly chosen base does not offer would be a mistake nobody made. */
  function baseChosen(event: { target: { value: string } }) {
    const offered = models.find(({ id }) => id === event.target.value)?.methods ?? [];
    if (!offered.some((method) => method === form.getValues("method"))) setValue("method", "auto");
  }

  /** The settings that the forecast says would fit. */
  function takeChange({ method, hyperparameters }: ForecastChange) {
    if (method) setValue("method", method);
    for (const [name, value] of Object.entries(hyperparameters)) setValue(`hyperparameters.${name as HyperparameterName}`, String(value));
  }

  return (
    <FormProvider {...form}>
      <form noValidate onSubmit={submitted} className="grid grid-cols-[minmax(0,1fr)] gap-6 lg:grid-cols-[minmax(0,1fr)_20rem] lg:items-start">
        <div className="grid grid-cols-[minmax(0,1fr)] gap-8">
          <DataFields documents={documents} datasets={datasets} forecast={forecast.data} liveErrors={live.fields} />
          <BaseModelPicker
            models={models}
            chosen={values.base_model}
            error={formState.errors.base_model?.message ?? live.fields.base_model}
            field={register("base_model", { required: "Choose a base model.", onChange: baseChosen })}
          />
          {look?.({
            request: toLookRequest(values),
            about: JSON.stringify(datasetToMake(values)),
            prepare: (request) => withDataset(request, datasetToMake(values)),
            override: <AllowShortRun />,
          })}
          <SettingsFields
            model={models.find(({ id }) => id === values.base_model)}
            forecast={forecast.data}
            liveErrors={live.fields}
            advancedOpen={advancedOpen}
            onAdvanced={setAdvancedOpen}
          />
          {testSets.length > 0 && <TestField testSets={testSets} />}
        </div>
        <div className="grid gap-3 lg:sticky lg:top-8">
          <ForecastPanel
            forecast={forecast.data}
            error={live.general}
            waiting={forecast.isFetching}
            onChange={takeChange}
            complete={values.base_model !== "" && (values.document_ids.length > 0 || chosenData(values) === "dataset")}
          />
          {general && (
            <Note tone="bad" role="alert">
              {general.message}
              {general.shortRun && <AllowShortRun />}
            </Note>
          )}
          <Button type="submit" look="primary" icon="play" busy={formState.isSubmitting}>
            Train
          </Button>
        </div>
      </form>
    </FormProvider>
  );
}

/** The request on the dataset that has to be made for it first; asking for the same one again makes no second. */
async function withDataset<R extends { document_ids?: string[] | null; dataset_id?: string | null }>(request: R, wanted: DatasetRequest | null): Promise<R> {
  if (wanted === null) return request;
  const made: R = { ...request, dataset_id: (await createDataset(wanted)).id };
  delete made.document_ids;
  return made;
}
