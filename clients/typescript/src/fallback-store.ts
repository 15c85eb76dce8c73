import type { DeviceStore } from "./device-store.js";

/** Keeps values in memory that another store fails to store, such as on a full disk, until it stores them. */
export class FallbackStore implements DeviceStore {
  readonly #unstored = new Map<string, unknown>();
  #failure: unknown;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private store: DeviceStore,
    private readonly keyOf: (value: unknown) => string,
  ) {}

  /** Why values are in memory only; undefined if none are. */
  get error(): unknown {
    return [...this.#unstored.values()].some((value) => value !== undefined) ? this.#failure : undefined;
  }

  /** Store everything in memory if the store cannot be read, such as where a browser blocks IndexedDB. */
  async open(prefix: string): Promise<void> {
    try {
      await this.store.read(prefix);
    } catch (error) {
      this.store = { read: async () => [], write: () => Promise.reject(error) };
    }
  }

  async read(prefix: string): Promise<unknown[]> {
    const values = new Map((await this.store.read(prefix)).map((value) => [this.keyOf(value), value]));
    for (const [key, value] of this.#unstored) if (key.startsWith(prefix)) values.set(key, value);
    const keys = [...values.keys()].sort();
    return keys.map((key) => values.get(key)).filter((value) => value !== undefined);
  }

  /** Store values, together with those that were not stored before. */
  write(values: Record<string, unknown>): Promise<void> {
    return (this.#writing = this.#writing.then(() => this.#write(values)));
  }

  async #write(values: Record<string, unknown>): Promise<void> {
    const all = { ...Object.fromEntries(this.#unstored), ...values };
    try {
      await this.store.write(all);
      this.#unstored.clear();
    } catch (error) {
      this.#failure = error;
      for (const [key, value] of Object.entries(all)) this.#unstored.set(key, value);
    }
  }
}
