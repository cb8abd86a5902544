// Which model is suggested to somebody who does not know one from another.
import { isTunedId } from "@/lib/model-ids";
import type { BaseModel } from "@/lib/wire";

/** The catalogue begins with the best first choice; what is here comes before what has to be fetched, what already speaks before what does not. */
export function recommended(models: readonly BaseModel[]): BaseModel | undefined {
  const catalogue = models.filter(({ id, availability }) => !isTunedId(id) && availability !== "unavailable");
  const ready = catalogue.filter(({ availability }) => availability === "ready");
  return ready.find(({ from_scratch }) => !from_scratch) ?? ready[0] ?? catalogue[0];
}
