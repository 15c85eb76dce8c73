/** Create the tables of Better Auth when the server starts, as `npx auth migrate` does. */
export async function register() {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { auth } = await import("@/lib/auth");
  await (await auth.$context).runMigrations();
}
