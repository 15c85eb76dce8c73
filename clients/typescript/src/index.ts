export { createTaskClient, type TaskClient, type TaskClientOptions } from "./client.js";
export { isProblem, NetworkError, ProblemError, type ProblemName, SignedOutError } from "./errors.js";
export type { DeleteOptions, Options, PostOptions, WriteOptions } from "./methods.js";
export type { TaskId, TaskQuery, UserPaths } from "./paths.js";
export type { Fetch } from "./send.js";
export type { GetToken, SessionCookie } from "./tokens.js";
export type * from "./types.js";
