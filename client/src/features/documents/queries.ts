// What the page asks about documents and samples, and what changes them.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { changeDocument, copySample, deleteDocument, getDocument, getDocumentText, getPreview, listDocuments, listSamples } from "@/lib/api/documents";
import { getUsage, listUploads } from "@/lib/api/uploads";
import { paged } from "@/lib/paged";
import { pollWhile } from "@/lib/queries";
import type { DocumentPatch } from "@/lib/wire";
import { missingParts } from "./part-sending";

const DOCUMENTS = ["documents"] as const;

export const documentsQuery = paged([...DOCUMENTS, "list"], listDocuments);

export const documentQuery = (id: string) =>
  queryOptions({ queryKey: [...DOCUMENTS, "one", id], queryFn: ({ signal }) => getDocument(id, signal) });

export const previewQuery = (id: string, limit: number) =>
  queryOptions({
    queryKey: [...DOCUMENTS, "preview", id, limit],
    queryFn: ({ signal }) => getPreview(id, limit, signal),
    staleTime: Infinity,
  });

/** The text that was extracted; as large as a short book chapter, so it is asked for only where it is shown. */
export const documentTextQuery = (id: string) =>
  queryOptions({ queryKey: [...DOCUMENTS, "text", id], queryFn: ({ signal }) => getDocumentText(id, signal), staleTime: Infinity });

export const samplesQuery = queryOptions({ queryKey: ["samples"], queryFn: ({ signal }) => listSamples(signal), staleTime: Infinity });

export const usageQuery = queryOptions({ queryKey: ["usage"], queryFn: ({ signal }) => getUsage(signal) });

/** Uploads that the server would continue; `known` are those of this visit. One that is whole may be being read, so it is watched. */
export const openUploadsQuery = (known: string) =>
  queryOptions({
    queryKey: ["uploads", known],
    queryFn: ({ signal }) => listUploads(signal),
    refetchInterval: ({ state: { data } }) => pollWhile(data?.data.some((upload) => !known.includes(upload.id) && missingParts(upload).length === 0) ?? false),
  });

/** Shows what has come of an upload. */
export function useTakeUploads() {
  const client = useQueryClient();
  return () => {
    void client.invalidateQueries({ queryKey: [...DOCUMENTS, "list"] });
    void client.invalidateQueries({ queryKey: usageQuery.queryKey });
  };
}

/** Renames, describes, or has the document read in another way, after which everything shown of it is asked for again. */
export function useChangeDocument(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: DocumentPatch) => changeDocument(id, change),
    onSuccess: (document, { reading }) => {
      client.setQueryData(documentQuery(id).queryKey, document);
      if (reading) {
        void client.invalidateQueries({ queryKey: [...DOCUMENTS, "preview", id] });
        void client.invalidateQueries({ queryKey: [...DOCUMENTS, "text", id] });
      }
      return client.invalidateQueries({ queryKey: [...DOCUMENTS, "list"] });
    },
  });
}

/** Puts a copy of a sample among the documents. */
export function useCopySample() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: copySample,
    onSuccess: () => client.invalidateQueries({ queryKey: DOCUMENTS }),
  });
}

export function useDeleteDocument() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: deleteDocument,
    onSuccess: (_, id) => {
      client.removeQueries({ queryKey: [...DOCUMENTS, "one", id] });
      void client.invalidateQueries({ queryKey: usageQuery.queryKey });
      return client.invalidateQueries({ queryKey: [...DOCUMENTS, "list"] });
    },
  });
}
