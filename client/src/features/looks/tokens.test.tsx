import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "@/test/render";
import { look } from "@/test/samples";
import { TokenExamples } from "./tokens";

test("a pair shows its preferred and its rejected answer beside each other", async () => {
  const [example] = look.examples;
  if (!example) throw new Error("The sample has an example.");
  const rejected = [...example.tokens.slice(0, 2), { id: 7, text: " Never.", trains: true, special: false }];
  await show(<TokenExamples examples={[{ ...example, rejected, num_rejected_tokens: 3 }]} />);
  expect(within(screen.getByRole("region", { name: /^Preferred, 4.tokens$/ })).getByText("Yes.")).toBeVisible();
  expect(within(screen.getByRole("region", { name: /^Rejected, 3.tokens$/ })).getByText("Never.")).toBeVisible();
});
