import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { App } from "@/components/app";
import { auth } from "@/lib/auth";

export default async function Page() {
  const session = await auth.api.getSession({ headers: await headers() });
  if (!session) redirect("/sign-in");
  return <App user={{ id: session.user.id, name: session.user.name }} />;
}
