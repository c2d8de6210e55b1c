/** A code cell by its source, or by more than that. */
export type Cell = string | { source: string; [key: string]: unknown };

/** The content of a notebook with code cells. */
export function notebookOf(
  cells: Cell[],
  metadata: Record<string, unknown> = {}
): object {
  return {
    cells: cells.map((cell, index) => ({
      cell_type: 'code',
      id: `cell-${index}`,
      metadata: {},
      outputs: [],
      execution_count: null,
      ...(typeof cell === 'string' ? { source: cell } : cell)
    })),
    metadata: {
      kernelspec: {
        name: 'python3',
        display_name: 'Python 3',
        language: 'python'
      },
      language_info: { name: 'python' },
      ...metadata
    },
    nbformat: 4,
    nbformat_minor: 5
  };
}
