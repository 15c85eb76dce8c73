import { useRouter } from "next/navigation";
import { authClient } from "@/lib/auth-client";
import { useTasks } from "./tasks-context";

const STATUS: Record<string, string> = { connecting: "Connecting …", live: "In sync", waiting: "Reconnecting …", offline: "Offline" };

export function Header({ name }: { name: string }) {
  const { client, collection, status } = useTasks();
  const router = useRouter();

  async function signOut() {
    await collection.cleanup();
    client.clearToken();
    await authClient.signOut();
    router.push("/sign-in");
  }

  return (
    <header className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <h1 className="text-2xl font-semibold">Tasks</h1>
      <p role="status" className="text-muted flex items-center gap-1.5 text-sm">
        <span className={`size-2 rounded-full ${status === "live" ? "bg-accent" : "bg-danger"}`} />
        {STATUS[status]}
      </p>
      <span className="text-muted ml-auto text-sm">{name}</span>
      <button className="button-quiet text-sm" onClick={signOut}>
        Sign out
      </button>
    </header>
  );
}
