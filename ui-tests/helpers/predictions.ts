import type { APIRequestContext } from '@playwright/test';
import { expect } from '@playwright/test';
import { execFileSync } from 'child_process';
import * as path from 'path';

const EXAMPLE = path.resolve(
  __dirname,
  '..',
  '..',
  'jupyter_challenge',
  'examples',
  'iris'
);

const PROGRAM = `
import csv, io, sys, zipfile
wrong = int(sys.argv[2])
rows = list(csv.DictReader(open(sys.argv[1] + "/hidden/labels.csv")))
names = sorted({row["species"] for row in rows})
text = "id,species\\n"
for n, row in enumerate(rows):
    at = names.index(row["species"])
    text += row["id"] + "," + names[(at + (n < wrong)) % len(names)] + "\\n"
out = io.BytesIO()
with zipfile.ZipFile(out, "w") as bundle:
    bundle.writestr("predictions.csv", text)
sys.stdout.buffer.write(out.getvalue())
`;

/** Hand in predictions for iris of which so many are wrong, as another program would. */
export async function submitPredictions(
  request: APIRequestContext,
  api: string,
  wrong: number
): Promise<void> {
  const buffer = execFileSync('python', ['-c', PROGRAM, EXAMPLE, `${wrong}`]);
  const answer = await request.post(`${api}/challenges/iris/submissions`, {
    headers: { 'Idempotency-Key': `predictions-${wrong}-${Math.random()}` },
    multipart: {
      request: JSON.stringify({
        kind: 'predictions',
        entry: 'predictions.csv'
      }),
      bundle: { name: 'bundle.zip', mimeType: 'application/zip', buffer }
    }
  });
  expect(answer.ok(), await answer.text()).toBe(true);
}
