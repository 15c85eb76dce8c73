import { NetworkError, SignedOutError } from "@task-api/client";
import type { SyncState } from "@task-api/client/tanstack-db";
import { useEffect, useSyncExternalStore } from "react";
import { authClient } from "@/lib/auth-client";
import { useTasks } from "./tasks-context";

const CONNECTION = { connecting: "Connecting …", live: "In sync", waiting: "Reconnecting …", offline: "Offline" };

export function Header({ user }: { user: { id: string; name: string } }) {
  const { collection } = useTasks();
  useLeaveAfterSignOut(user.id);

  return (
    <header className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <h1 className="text-2xl font-semibold">Tasks</h1>
      <Status {...useSyncExternalStore(collection.utils.subscribe, collection.utils.state)} />
      <span className="text-muted ml-auto text-sm">{user.name}</span>
      <button className="button-quiet text-sm" onClick={() => authClient.signOut()}>
        Sign out
      </button>
    </header>
  );
}

/** Remove the stored tasks and load a new document, when the user signs out, in this tab or in another. */
function useLeaveAfterSignOut(userId: string) {
  const { client } = useTasks();
  const { data, error, isPending } = authClient.useSession();
  const isOver = !isPending && !error && data?.user.id !== userId;
  useEffect(() => {
    if (!isOver) return;
    client.clearToken();
    location.assign("/"); // leads to the sign-in page
  }, [isOver, client]);
}

function Status({ connection, pending, error }: SyncState) {
  if (error instanceof SignedOutError) return <SignInLink />;
  const isSaving = connection === "live" && !error && pending > 0;
  const isNews = !(connection === "offline" && error instanceof NetworkError); // as if the server refuses, or the disk is full
  const reason = isNews && error instanceof Error && error.message;
  const colour = reason ? "bg-danger" : { connecting: "bg-muted", live: "bg-accent", waiting: "bg-danger", offline: "bg-danger" }[connection];
  return (
    <p role="status" className="text-muted flex items-center gap-1.5 text-sm">
      <span className={`size-2 rounded-full ${colour}`} />
      {isSaving ? "Saving …" : reason || CONNECTION[connection]}
      {!isSaving && pending > 0 && ` · ${pending} ${pending === 1 ? "change" : "changes"} waiting`}
    </p>
  );
}

/** Leads to a new document; the edits wait in the browser until the user has signed in again. */
function SignInLink() {
  return (
    <a href="/sign-in" className="text-danger rounded text-sm underline underline-offset-4">
      You are signed out: sign in
    </a>
  );
}
