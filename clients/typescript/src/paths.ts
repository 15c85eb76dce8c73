import type { paths } from "./types.js";

type Without<Operation> = {
  [Name in keyof Operation]: Name extends "parameters" ? ParametersWithout<Operation[Name]> : Operation[Name];
};
type ParametersWithout<Parameters> = Parameters extends { path: infer Path }
  ? Omit<Parameters, "path"> & (keyof Omit<Path, "user_id"> extends never ? unknown : { path: Omit<Path, "user_id"> })
  : Parameters;

/** The paths of one user, such as `/tasks` for `/api/{user_id}/tasks`. */
export type UserPaths = {
  [Path in keyof paths as Path extends `/api/{user_id}${infer Rest}` ? Rest : never]: {
    [Method in keyof paths[Path]]: Method extends "parameters" ? paths[Path][Method] : Without<paths[Path][Method]>;
  };
};

export type TaskId = UserPaths["/tasks/{task_id}"]["get"]["parameters"]["path"]["task_id"];
export type TaskQuery = NonNullable<paths["/api/{user_id}/tasks"]["get"]["parameters"]["query"]>;
