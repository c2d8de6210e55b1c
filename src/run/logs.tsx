// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import { Poll } from '@lumino/polling';
import * as React from 'react';

import { append, EMPTY } from './logtext';
import { LogView } from './logview';
import { RunApi } from './runapi';
import { ErrorFace, Loading } from '../marks';
import { RequestError } from '../request';
import type { IChallengeModel } from '../tokens';
import type { StepName } from '../wire';

/** How often the log of a running step is asked for more. */
const FOLLOW = 700;

interface IProps {
  model: IChallengeModel;
  submission: string;
  step: StepName;
  attempt: number;
  trans: TranslationBundle;
}

/** The log of one step; follows it while the step runs. */
export function Log(props: IProps): JSX.Element {
  const { model, submission, step, attempt, trans } = props;
  const { api } = model;
  const [text, setText] = React.useState(EMPTY);
  const [isEnded, setEnded] = React.useState(false);
  const [isRead, setRead] = React.useState(false);
  const [isCut, setCut] = React.useState(false);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [round, setRound] = React.useState(0);

  React.useEffect(() => {
    let offset = 0;
    setText(EMPTY);
    setEnded(false);
    setRead(false);
    setCut(false);
    setError(null);
    const poll = new Poll({
      name: 'jupyter-challenge:log',
      frequency: { interval: FOLLOW, backoff: true, max: 10_000 },
      standby: 'when-hidden',
      factory: async () => {
        try {
          const chunk = await api.log(submission, step, offset);
          if (poll.isDisposed) {
            return;
          }
          offset = chunk.next;
          setError(null);
          setRead(true);
          setText(known => append(known, chunk.text));
          setCut(known => known || !!chunk.truncated);
          if (chunk.ended && chunk.text === '') {
            setEnded(true);
            void poll.stop();
          } else if (chunk.text !== '') {
            void poll.refresh();
          }
        } catch (reason) {
          if (reason instanceof RequestError && !poll.isDisposed) {
            setError(reason);
            if (reason.kind === 'refused') {
              void poll.stop();
            }
          }
          throw reason;
        }
      }
    });
    return () => poll.dispose();
  }, [api, submission, step, attempt, round]);

  const save = async () => {
    const pieces = await new RunApi(api).wholeLog(submission, step);
    const link = document.createElement('a');
    const url = URL.createObjectURL(new Blob(pieces, { type: 'text/plain' }));
    link.href = url;
    link.download = `${step}.log`;
    link.click();
    URL.revokeObjectURL(url);
  };

  if (error && text === EMPTY) {
    return (
      <ErrorFace
        error={error}
        trans={trans}
        retry={() => setRound(round + 1)}
      />
    );
  }
  return isRead ? (
    <LogView
      text={text}
      isEnded={isEnded}
      isCut={isCut}
      follows={model.settings.values.followLogs}
      save={save}
      trans={trans}
    />
  ) : (
    <Loading trans={trans} />
  );
}
