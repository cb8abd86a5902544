// What the page asks about documents and samples, and what changes them.
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { copySample, deleteDocument, getDocument, getPreview, listDocuments, listSamples } from "@/lib/api/documents";
import { getInstallation } from "@/lib/api/installation";

const DOCUMENTS = ["documents"] as const;

export const documentsQuery = infiniteQueryOptions({
  queryKey: [...DOCUMENTS, "list"],
  queryFn: ({ pageParam, signal }) => listDocuments(pageParam, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => (page.has_more ? (page.data.at(-1)?.id ?? null) : null),
  select: ({ pages }) => pages.flatMap((page) => page.data),
});

export const documentQuery = (id: string) =>
  queryOptions({ queryKey: [...DOCUMENTS, "one", id], queryFn: ({ signal }) => getDocument(id, signal) });

export const previewQuery = (id: string, limit: number) =>
  queryOptions({
    queryKey: [...DOCUMENTS, "preview", id, limit],
    queryFn: ({ signal }) => getPreview(id, limit, signal),
    staleTime: Infinity,
  });

export const samplesQuery = queryOptions({ queryKey: ["samples"], queryFn: ({ signal }) => listSamples(signal), staleTime: Infinity });

export const uploadRulesQuery = queryOptions({
  queryKey: ["installation"],
  queryFn: ({ signal }) => getInstallation(signal),
  staleTime: Infinity,
});

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
      return client.invalidateQueries({ queryKey: [...DOCUMENTS, "list"] });
    },
  });
}
