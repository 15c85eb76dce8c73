import { betterAuth } from "better-auth";
import { jwt } from "better-auth/plugins";
import { Pool } from "pg";

/** Better Auth, with the plugin whose tokens the Task API verifies. Its tables are beside those of the tasks. */
export const auth = betterAuth({
  database: new Pool({ connectionString: process.env.DATABASE_URL }),
  emailAndPassword: { enabled: true },
  plugins: [jwt({ jwt: { expirationTime: process.env.TOKEN_LIFETIME ?? "15m" } })],
});
