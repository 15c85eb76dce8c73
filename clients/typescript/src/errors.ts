import type { Problem } from "./types.js";

/** An error response of the API. `message` is one sentence that can be shown to users. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";

  constructor(
    readonly status: number,
    /** The problem document (RFC 9457); undefined if a proxy responded with something else. */
    readonly problem: Problem | undefined,
    /** The seconds of `Retry-After`. */
    readonly retryAfter: number | undefined,
  ) {
    super(problem?.detail ?? `The server responded with status ${status}.`);
  }
}

/** There is no session, so no request was sent. */
export class SignedOutError extends Error {
  override readonly name = "SignedOutError";

  constructor() {
    super("You are signed out.");
  }
}

/** There is no response: the network or the server is down. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";

  constructor(cause: unknown) {
    super("The server cannot be reached.", { cause });
  }
}

type Slug<Type> = Type extends `urn:problem-type:${infer Name}` ? Name : never;
export type ProblemName = Slug<Problem["type"]>;
type Named<Name, Each = Problem> = Each extends { type: infer Type } ? (Name extends Slug<Type> ? Each : never) : never;

/** Whether an error is this problem, whose members are typed then, such as `problem.current` of `task-changed`. */
export function isProblem<Name extends ProblemName>(
  error: unknown,
  name: Name,
): error is ProblemError & { readonly problem: Named<Name> } {
  return error instanceof ProblemError && error.problem?.type === `urn:problem-type:${name}`;
}

export async function problemError(response: Response): Promise<ProblemError> {
  const body: unknown = await response.json().catch(() => undefined);
  const isProblem = typeof body === "object" && body !== null && "type" in body && "detail" in body;
  return new ProblemError(response.status, isProblem ? (body as Problem) : undefined, retryAfter(response));
}

/** Parse `Retry-After` in seconds; its other form, a date, depends on the clocks and is not sent by the API. */
export function retryAfter(response: Response): number | undefined {
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return Number.isNaN(seconds) ? undefined : seconds;
}
