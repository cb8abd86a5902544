// All accounts, with a search over them.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { TextField } from "@/ui/field";
import { MoreButton } from "@/ui/more";
import { Failed, Loading } from "@/ui/notices";
import { AccountList } from "./account-list";
import { accountsQuery } from "./queries";

export function Users({ ownId }: { ownId: string }) {
  const accounts = useInfiniteQuery(accountsQuery);
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isError } = accounts;

  // The server lists and does not search: whoever searches gets the rest, page by page.
  useEffect(() => {
    if (wanted !== "" && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [wanted, hasNextPage, isFetchingNextPage, isError, fetchNextPage]);

  if (accounts.isPending) return <Loading what="Loading the users" />;
  if (!accounts.data) return <Failed what="The users" error={accounts.error} onRetry={() => void accounts.refetch()} />;
  const found = accounts.data.filter(({ email, name }) => `${email} ${name}`.toLowerCase().includes(wanted));
  return (
    <>
      <TextField label="Search by address or name" type="search" value={search} onChange={(event) => setSearch(event.target.value)} />
      {found.length > 0 && <AccountList accounts={found} ownId={ownId} />}
      {found.length === 0 && !hasNextPage && <p className="text-ink-soft">Nobody has “{search}” in their address or name. Clear the search to see all.</p>}
      {wanted === "" ? <MoreButton query={accounts} /> : hasNextPage && <Loading what="Searching" />}
    </>
  );
}
