// Asks for a letter with a link. What is said does not tell whether there is such an account.
import { useState } from "react";
import { useForm } from "react-hook-form";
import { askPasswordReset } from "@/lib/api/account";
import { emailProblem, showRefusal } from "@/lib/forms";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { Note } from "@/ui/notices";

export function ForgotPasswordForm() {
  const [said, setSaid] = useState<{ tone: "good" | "bad"; text: string } | null>(null);
  const { register, handleSubmit, setError, formState } = useForm({ defaultValues: { email: "" } });

  async function submit({ email }: { email: string }) {
    setSaid(null);
    try {
      const { message } = await askPasswordReset(email.trim());
      setSaid({ tone: "good", text: `${message} It works for an hour. Look among the unwanted mail too.` });
    } catch (error) {
      const general = showRefusal(error, ["email"], setError);
      setSaid(general === null ? null : { tone: "bad", text: general });
    }
  }

  return (
    <form noValidate onSubmit={(event) => void handleSubmit(submit)(event)} className="grid gap-4">
      {said && (
        <Note tone={said.tone} role={said.tone === "good" ? "status" : "alert"}>
          {said.text}
        </Note>
      )}
      <TextField
        label="E-mail"
        type="email"
        autoComplete="username"
        inputMode="email"
        error={formState.errors.email?.message}
        {...register("email", { validate: emailProblem })}
      />
      <Button type="submit" look="primary" busy={formState.isSubmitting}>
        {said?.tone === "good" ? "Send it again" : "Send me a link"}
      </Button>
    </form>
  );
}
