// A form of a few fields and one button. What is refused stands beside its field, or above all of them.
import { useState, type ReactNode } from "react";
import { useForm, type DefaultValues, type FieldErrors, type FieldValues, type Path, type UseFormRegister } from "react-hook-form";
import { showRefusal } from "@/lib/forms";
import { Button } from "@/ui/button";
import { Note } from "@/ui/notices";

interface RefusableFormProps<T extends FieldValues> {
  start: DefaultValues<T>;
  /** The names of the fields in the order of the screen. */
  names: readonly Path<T>[];
  action: string;
  send: (values: T) => Promise<unknown>;
  children: (register: UseFormRegister<T>, errors: FieldErrors<T>) => ReactNode;
}

export function RefusableForm<T extends FieldValues>({ start, names, action, send, children }: RefusableFormProps<T>) {
  const [general, setGeneral] = useState<string | null>(null);
  const { register, handleSubmit, setError, formState } = useForm<T>({ defaultValues: start });

  async function submit(values: T) {
    setGeneral(null);
    try {
      await send(values);
    } catch (error) {
      setGeneral(showRefusal(error, names, setError));
    }
  }

  return (
    <form noValidate onSubmit={(event) => void handleSubmit(submit)(event)} className="grid gap-4">
      {general && (
        <Note tone="bad" role="alert">
          {general}
        </Note>
      )}
      {children(register, formState.errors)}
      <Button type="submit" look="primary" busy={formState.isSubmitting}>
        {action}
      </Button>
    </form>
  );
}
