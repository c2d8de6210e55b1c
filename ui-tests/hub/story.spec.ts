import { expect, test } from '@playwright/test';
import type { Browser } from '@playwright/test';

import { PATIENCE, Person } from './person';

/** What a participant would write, with nothing set: until it is enough. */
const OWN_PREFIX = `
import base64, json, os, time
import boto3
s3 = boto3.client("s3")
bucket, own = os.environ["CHALLENGE_S3"].removeprefix("s3://").split("/", 1)
done, errors, began = 0, [], time.time()
while not os.path.exists("/tmp/enough"):
    try:
        s3.put_object(Bucket=bucket, Key=own + "now.txt", Body=str(done).encode())
        assert s3.get_object(Bucket=bucket, Key=own + "now.txt")["Body"].read() == str(done).encode()
        done += 1
    except Exception as error:
        errors.append(str(error))
    time.sleep(1)
token = open(os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"]).read().split(".")[1]
said = json.loads(base64.urlsafe_b64decode(token + "=="))
print(f"{done} times in {time.time() - began:.0f} s, errors: {errors or 'none'};",
      f"tokens live {said['exp'] - said['iat']} s")
`;
const DONE = /(\d+) times in (\d+) s, errors: none; tokens live 20 s/;

const ANOTHERS = `
import boto3
from botocore.exceptions import ClientError
for call in ("get_object", "delete_object"):
    try:
        print(getattr(boto3.client("s3"), call)(Bucket="lab", Key="bob/hello.txt"))
    except ClientError as error:
        print(call, error.response["Error"]["Code"])
`;

/** Have something happen to the world around the browsers; tests/cluster/test_hub_story.py. */
async function deed(name: string): Promise<string> {
  const done = await fetch(`${process.env.DEEDS_URL}/${name}`, {
    method: 'POST'
  });
  const said = await done.text();
  expect(done.status, `${name}: ${said}`).toBe(200);
  return said;
}

const people: Person[] = [];

async function somebody(browser: Browser, name: string): Promise<Person> {
  const context = await browser.newContext({ baseURL: process.env.HUB_URL });
  const person = new Person(await context.newPage(), name);
  people.push(person);
  return person;
}

test.afterEach(async () => {
  const { status, expectedStatus } = test.info();
  for (const { name, page } of status === expectedStatus ? [] : people) {
    const seen = await page.locator('body').ariaSnapshot();
    console.log(`What ${name} sees:\n${seen.slice(0, 6000)}`);
  }
});

test('two participants and an organiser', async ({ browser }) => {
  const alice = await somebody(browser, 'alice');
  const bob = await somebody(browser, 'bob');
  const carol = await somebody(browser, 'carol');

  await test.step('the organiser publishes a challenge', async () => {
    await carol.signIn();
    await deed('publish');
  });

  await test.step('what is free, and what is not for her', async () => {
    await alice.signIn('sign-in');
    await alice.openForm();
    await expect(alice.profile('gpu')).toContainText('1 free now');
    await expect(alice.profile('gpu')).toContainText('1 GPU, 0.5 cores');
    await expect(alice.profile('h100')).toHaveCount(0);
    await alice.page.locator('.challenge-others summary').click();
    await expect(alice.page.locator('.challenge-others')).toContainText(
      'write to gpu@example.org'
    );
    await alice.accessible('.challenge-profiles');
    await alice.accessible('.challenge-others');
    await alice.picture('profiles', { dark: true });
  });

  await test.step('she takes the GPU with her keyboard', async () => {
    await alice.page.locator('#challenge-profile-cpu').focus();
    await alice.page.keyboard.press('ArrowDown');
    await expect(alice.page.locator('#challenge-profile-gpu')).toBeChecked();
    await alice.page.keyboard.press('Enter');
    await alice.reachLab();
    await alice.openPanel();
    await expect(alice.panel.locator('[data-challenge=iris]')).toBeVisible(
      PATIENCE
    );
    await alice.quiet();
    await alice.picture('lab');
  });

  await test.step('he sees that it is taken, and waits', async () => {
    await bob.signIn();
    await bob.openForm();
    await expect(bob.profile('gpu')).toContainText('None free now');
    await expect(bob.profile('gpu')).toContainText('you would be the next');
    await bob.picture('profiles-taken', { dark: true });
    await bob.take('gpu');
    await expect(bob.page.locator('#progress-message')).toContainText(
      'You are next in the queue. All that the queue may use is in use.',
      PATIENCE
    );
    await bob.accessible('#progress-message');
    await bob.picture('queue', { dark: true });
  });

  await test.step('the hub is killed: his page says so, his place is kept', async () => {
    await deed('restart-hub');
    await expect(
      bob.page.getByText('It goes on, and your place is kept.')
    ).toBeVisible(PATIENCE);
    await expect(bob.page.locator('#progress-message')).toContainText(
      'You are next in the queue',
      PATIENCE
    );
    await bob.picture('restarted', { dark: true });
  });

  await test.step('she submits the starter from her server', async () => {
    await alice.openChallenge('iris');
    await alice.enter();
    const made = await alice.submit('submit');
    expect(made.image).toBe(await deed('image-of-alice'));
    const first = alice.rows.first();
    await expect(first).toHaveAttribute('data-state', 'scored', PATIENCE);
    await expect(first).toContainText('0.9');
    await expect(alice.panel).toContainText('Rank 1', PATIENCE);
    await alice.picture('score');
  });

  await test.step('her storage outlives tokens, the provider and the relay', async () => {
    await expect(alice.storage).toHaveCount(0, PATIENCE);
    await alice.newNotebook();
    const anothers = await alice.run(ANOTHERS);
    await expect(anothers).toContainText('get_object AccessDenied', PATIENCE);
    await expect(anothers).toContainText('delete_object AccessDenied');

    const own = await alice.run(OWN_PREFIX);
    await deed('provider-away');
    // Who is signed in starts a server all the same, and is told what is missing in it.
    await carol.openForm();
    await carol.take('cpu');
    await carol.reachLab();
    await expect(carol.storage).toContainText('Storage: no answer', PATIENCE);
    await expect(alice.storage).toContainText('Storage: no answer', PATIENCE);
    expect(Number(await deed('provider-back'))).toBeGreaterThanOrEqual(60);
    await deed('kill-relay');
    await expect(alice.storage).toHaveCount(0, PATIENCE);
    await expect(carol.storage).toHaveCount(0, PATIENCE);
    await deed('enough');
    await expect(own).toHaveText(DONE, PATIENCE);
    const [, times, seconds] = DONE.exec(await own.innerText()) ?? [];
    expect(Number(seconds)).toBeGreaterThan(60);
    expect(Number(times)).toBeGreaterThan(5);
    await alice.quiet();
    await alice.picture('storage');
  });

  await test.step('her sign-in is revoked: one click mends it', async () => {
    await deed('revoke-alice');
    await alice.signInAgain('sign-in-expired');
  });

  await test.step('her server is preempted: she is told why; he is next', async () => {
    await deed('preempt');
    const why = 'It had to make way for something of a higher priority';
    // The notebook that is open was not saved, and Lab would ask whether she leaves it.
    alice.page.on('dialog', dialog => void dialog.accept());
    await expect(async () => {
      await alice.page.goto('/user/alice/lab');
      await expect(alice.page.getByText(why)).toBeVisible({ timeout: 2_000 });
    }).toPass(PATIENCE);
    await alice.picture('gone', { dark: true });
    await alice.page.goto('/hub/spawn');
    await expect(alice.page.locator('#challenge-ended')).toContainText(why);
    await alice.accessible('#challenge-ended');
    await alice.picture('preempted', { dark: true });
    await deed('give-back');
    await bob.reachLab();
  });

  await test.step('he submits; the organiser sees both', async () => {
    await bob.openChallenge('iris');
    await bob.enter();
    await bob.submit();
    const first = bob.rows.first();
    await expect(first).toHaveAttribute('data-state', 'scored', PATIENCE);

    await carol.openChallenge('iris');
    const section = carol.panel.locator('.jp-Challenge-organiser');
    await expect(section).toContainText('2 submissions', PATIENCE);
    await section.getByRole('button', { name: 'All submissions' }).click();
    const submissions = carol.page.locator('.jp-ChallengeDocument');
    await expect(submissions).toContainText('alice', PATIENCE);
    await expect(submissions).toContainText('bob');
    await carol.picture('organiser');
  });
});
