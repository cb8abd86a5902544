// What was extracted from a PDF, DOCX or HTML file, asked for only when it is unfolded.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { messageOf } from "@/lib/errors";
import { Fold } from "@/ui/fold";
import { Loading } from "@/ui/notices";
import { documentTextQuery } from "./queries";

export function ExtractedText({ documentId }: { documentId: string }) {
  const [open, setOpen] = useState(false);
  const { data, error } = useQuery({ ...documentTextQuery(documentId), enabled: open });
  return (
    <Fold summary="The text that was found in it" open={open} onToggle={setOpen}>
      {data !== undefined ? (
        <pre tabIndex={0} className="card mt-2 max-h-96 overflow-auto p-4 font-mono text-xs leading-relaxed break-words whitespace-pre-wrap">
          {data}
        </pre>
      ) : error ? (
        <p className="text-bad">{messageOf(error)}</p>
      ) : (
        <Loading what="Loading the text" />
      )}
    </Fold>
  );
}
