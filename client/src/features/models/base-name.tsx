import { isTunedId } from "@/lib/model-ids";
import { TextLink } from "@/ui/button";

/** A base model by its id; one of one's own leads to its page. */
export function BaseName({ id }: { id: string }) {
  if (!isTunedId(id)) return id;
  return (
    <TextLink to="/models/$modelId" params={{ modelId: id }} className="break-all">
      {id}
    </TextLink>
  );
}
