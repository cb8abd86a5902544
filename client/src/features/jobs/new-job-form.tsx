// The form for a job: data, model, settings, with the forecast beside it. Submit is always possible; it leads to what is still wrong.
import { useState, type FormEvent } from "react";
import { flushSync } from "react-dom";
import { FormProvider, useForm, useWatch } from "react-hook-form";
import type { BaseModel, Document, Job } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Note } from "@/ui/notices";
import { BaseModelPicker } from "./base-model-picker";
import { DocumentPicker } from "./document-picker";
import { useForecast } from "./forecast";
import { ForecastPanel } from "./forecast-panel";
import { hasAdvancedMistake, liveErrors, showRefusal, toForecastRequest, toRequest, type JobFields } from "./job-fields";
import { SettingsFields } from "./settings-fields";
import { useSubmitOnce } from "./submit-once";

interface NewJobFormProps {
  documents: readonly Document[];
  models: readonly BaseModel[];
  start: JobFields;
  onCreated: (job: Job) => void;
}

export function NewJobForm({ documents, models, start, onCreated }: NewJobFormProps) {
  const form = useForm<JobFields>({ defaultValues: start });
  const { register, handleSubmit, setError, setValue, formState } = form;
  const [general, setGeneral] = useState<string | null>(null);
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
      onCreated(await submitOnce(request));
    } catch (error) {
      setGeneral(showRefusal(error, setError, () => flushSync(() => setAdvancedOpen(true))));
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

  return (
    <FormProvider {...form}>
      <form noValidate onSubmit={submitted} className="grid grid-cols-[minmax(0,1fr)] gap-6 lg:grid-cols-[minmax(0,1fr)_20rem] lg:items-start">
        <div className="grid grid-cols-[minmax(0,1fr)] gap-8">
          <DocumentPicker
            documents={documents}
            error={formState.errors.document_ids?.message ?? live.fields.document_ids}
            field={register("document_ids", { validate: (ids) => ids.length > 0 || "Choose at least one document." })}
          />
          <BaseModelPicker
            models={models}
            error={formState.errors.base_model?.message ?? live.fields.base_model}
            field={register("base_model", { required: "Choose a base model.", onChange: baseChosen })}
          />
          <SettingsFields
            model={models.find(({ id }) => id === values.base_model)}
            forecast={forecast.data}
            liveErrors={live.fields}
            advancedOpen={advancedOpen}
            onAdvanced={setAdvancedOpen}
          />
        </div>
        <div className="grid gap-3 lg:sticky lg:top-8">
          <ForecastPanel
            forecast={forecast.data}
            error={live.general}
            waiting={forecast.isFetching}
            complete={values.base_model !== "" && values.document_ids.length > 0}
          />
          {general && (
            <Note tone="bad" role="alert">
              {general}
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
