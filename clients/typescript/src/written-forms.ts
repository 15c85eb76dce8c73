import { differs, type Edit, followEdit, isEmpty, pick, type TaskChanges, valuesOf } from "./edits.js";
import type { Task } from "./types.js";

/**
 * Members that the server stores in another form than the user has written them, such as without spaces. The user may see
 * the written form for a while, and edit it.
 */
export class WrittenForms {
  readonly #byUid = new Map<string, { written: TaskChanges; stored: TaskChanges }>();

  /** Remember what the server has made of an edit. */
  remember(edit: Edit, task: Task): void {
    const values = valuesOf(edit);
    const isOther = (name: string) => values[name as keyof TaskChanges] != null && differs(task, values, name);
    const [written, stored] = [pick(values, isOther), pick(task as TaskChanges, isOther)];
    if (isEmpty(written)) return;
    const known = this.#byUid.get(edit.uid);
    this.#byUid.set(edit.uid, { written: { ...known?.written, ...written }, stored: { ...known?.stored, ...stored } });
  }

  /** Adapt an edit whose user saw a written form, so that it is no conflict with the stored one. */
  follow(edit: Edit): Edit {
    const known = this.#byUid.get(edit.uid);
    return known ? followEdit(edit, known.written, known.stored) : edit;
  }
}
