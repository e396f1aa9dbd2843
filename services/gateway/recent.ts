/** The newest `most` … 2 × `most` ids that were added. */
export class Recent {
  readonly #most: number;
  #newer = new Set<string>();
  #older = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  add(id: string): void {
    this.#newer.add(id);
    if (this.#newer.size < this.#most) return;
    this.#older = this.#newer;
    this.#newer = new Set();
  }

  has(id: string): boolean {
    return this.#newer.has(id) || this.#older.has(id);
  }
}
