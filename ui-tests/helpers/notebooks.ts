/** The content of a notebook with code cells, of the iris challenge unless `ours` is null. */
export function notebookOf(
  cells: string[],
  ours: { challenge?: string; files?: string[] } | null = {}
): object {
  return {
    cells: cells.map((source, index) => ({
      cell_type: 'code',
      id: `cell-${index}`,
      metadata: {},
      source,
      outputs: [],
      execution_count: null
    })),
    metadata: {
      kernelspec: {
        name: 'python3',
        display_name: 'Python 3',
        language: 'python'
      },
      language_info: { name: 'python' },
      ...(ours && {
        jupyter_challenge: { challenge: 'iris', files: [], ...ours }
      })
    },
    nbformat: 4,
    nbformat_minor: 5
  };
}
