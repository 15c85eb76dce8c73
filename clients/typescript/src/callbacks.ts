/** Call a function of the application, whose failure must not end what the client does. */
export function callSafely<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    console.error(error);
    return undefined;
  }
}
