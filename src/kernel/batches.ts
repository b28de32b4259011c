/**
 * Batches of rows until one is empty.
 *
 * @param read the rows behind `last`, the last row of the batch before; null asks for the first batch
 */
export async function* batchesOf<Row>(
  read: (last: Row | null) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[]> {
  for (let last: Row | null = null; ;) {
    const rows: readonly Row[] = await read(last);
    last = rows.at(-1) ?? null;
    if (last === null) return;
    yield rows;
  }
}
