// What forms share: the way of a refusal to its fields, and the rules that can be told before the server is asked.
import type { FieldValues, Path, UseFormSetError } from "react-hook-form";
import { fieldErrors } from "@/lib/errors";

/** Puts a refusal beside its fields (named in the order of the screen) and focuses the first; returns what belongs to no field. */
export function showRefusal<T extends FieldValues>(error: unknown, names: readonly Path<T>[], setError: UseFormSetError<T>): string | null {
  const { fields, general } = fieldErrors(error, names);
  const wrong = names.filter((name) => name in fields);
  wrong.forEach((name, index) => setError(name, { message: fields[name] ?? "" }, { shouldFocus: index === 0 }));
  return general;
}

export function emailProblem(value: string): true | string {
  return /^\S+@\S+$/.test(value.trim()) || "Write your e-mail address, such as ada@example.org.";
}

/** `least` is 1 for a password that exists already. */
export function passwordProblem(value: string, least: number): true | string {
  const length = [...value].length;
  if (length === 0) return "Write your password.";
  return length >= least || `This has ${length} of at least ${least} characters.`;
}

export function passwordHint(least: number): string {
  return `At least ${least} characters. A few words that you will remember are fine.`;
}
