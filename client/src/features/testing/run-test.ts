// Starts an evaluation once, however often the button is pressed and whatever the line does.
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { createEvaluation } from "@/lib/api/testing";
import { randomKey } from "@/lib/random";
import type { EvaluationRequest } from "@/lib/wire";
import { useTakeEvaluation } from "./queries";

export function useRunTest() {
  const take = useTakeEvaluation();
  const attempt = useRef<{ body: string; key: string }>(null);
  return useMutation({
    mutationFn: (asked: EvaluationRequest) => {
      const body = JSON.stringify(asked);
      if (attempt.current?.body !== body) attempt.current = { body, key: randomKey() };
      return createEvaluation(asked, attempt.current.key);
    },
    onSuccess: (evaluation) => {
      // Asked for again later, it is another run.
      attempt.current = null;
      return take(evaluation);
    },
  });
}
