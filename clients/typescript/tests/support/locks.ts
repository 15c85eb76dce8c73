type Act = () => Promise<unknown>;
interface Held {
  reject: (reason: unknown) => void;
}

/** The part of the Web Locks API that the client uses, which Node 20 lacks: exclusive locks, waiting, stealing. */
export class Locks {
  readonly #held = new Map<string, Held>();
  readonly #queues = new Map<string, (() => void)[]>();

  request(name: string, options: { signal?: AbortSignal; steal?: boolean }, act: Act): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const start = () => {
        const held = { reject };
        this.#held.set(name, held);
        act().then(resolve, reject).finally(() => this.#held.get(name) === held && this.#release(name));
      };
      if (options.steal) {
        this.#held.get(name)?.reject(new DOMException("The lock was stolen.", "AbortError"));
        return start();
      }
      if (!this.#held.has(name)) return start();
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, [...queue, start]);
      options.signal?.addEventListener("abort", () => {
        this.#queues.set(name, (this.#queues.get(name) ?? []).filter((each) => each !== start));
        reject(options.signal?.reason);
      });
    });
  }

  #release(name: string): void {
    this.#held.delete(name);
    const [next, ...others] = this.#queues.get(name) ?? [];
    this.#queues.set(name, others);
    next?.();
  }
}
