// @ts-check
/**
 * Puts a cell's state on the screen: see cell.py for what is in it.
 *
 * It asks nobody anything, and what it shows it sets as text.
 */

/** @typedef {{text?: string, at?: string, by: number | string | null, say?: string}} Cell */
/** @typedef {{cells: Cell[], mine: boolean}} Row */
/** @typedef {{label: string, type: string, first: 'ascending' | 'descending'}} Column */
/** @typedef {{tag: string, look: string, set: Record<string, string | number>, text?: string, at?: string, as?: string, says?: string}} Shape */
/** @typedef {{width: number, height: number, label: string, says: string, shapes: Shape[]}} Plot */
/** @typedef {Record<string, string>} Words */

const SVG = 'http://www.w3.org/2000/svg';
const SHAPES = new Set(['line', 'path', 'circle', 'text']);
const SETTINGS = new Set('x y x1 x2 y1 y2 cx cy r d text-anchor'.split(' '));
/** @type {Array<[string, number]>} */
const UNITS = [
  ['days', 86400],
  ['hours', 3600],
  ['minutes', 60]
];

/**
 * Make an element that holds a text.
 *
 * @param {string} tag
 * @param {string} [className]
 * @param {string} [text]
 */
function make(tag, className = '', text = '') {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

/**
 * Fill a name into a sentence.
 *
 * @param {string} sentence
 * @param {Record<string, string>} values
 */
function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

/**
 * Say how long ago, as people do.
 *
 * @param {string} at
 * @param {Words} words
 */
function ago(at, words) {
  const seconds = (Date.now() - new Date(at).getTime()) / 1000;
  const found = UNITS.find(each => seconds >= each[1]);
  if (!found) {
    return words.now;
  }
  const [unit, size] = found;
  return fill(words[unit], { n: String(Math.floor(seconds / size)) });
}

/**
 * Write a time exactly, in the reader's zone and as the reader writes times.
 *
 * @param {string} at
 */
function exact(at) {
  return new Date(at).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'short'
  });
}

/**
 * Make a relative time; `tick` writes it again.
 *
 * @param {string} at
 * @param {Words} words
 * @param {string} [sentence]
 */
function timeOf(at, words, sentence = '{time}') {
  const node = make('time');
  node.setAttribute('datetime', at);
  node.title = exact(at);
  node.dataset.sentence = sentence;
  node.textContent = fill(sentence, { time: ago(at, words) });
  return node;
}

/**
 * Write all relative times again.
 *
 * @param {HTMLElement} root
 * @param {Words} words
 */
function tick(root, words) {
  for (const node of root.querySelectorAll('time')) {
    const time = ago(node.dateTime, words);
    node.textContent = fill(node.dataset.sentence ?? '{time}', { time });
  }
}

/**
 * Make an SVG element of the kinds and with the settings that a drawing uses.
 *
 * @param {Shape} shape
 */
function shapeOf(shape) {
  if (!SHAPES.has(shape.tag)) {
    return null;
  }
  const node = document.createElementNS(SVG, shape.tag);
  node.setAttribute('data-look', shape.look);
  for (const [name, value] of Object.entries(shape.set)) {
    if (SETTINGS.has(name)) {
      node.setAttribute(name, String(value));
    }
  }
  if (shape.says) {
    const title = document.createElementNS(SVG, 'title');
    title.textContent = shape.says;
    node.append(title);
  } else if (shape.at) {
    /** @type {Intl.DateTimeFormatOptions} */
    const form =
      shape.as === 'time'
        ? { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }
        : { dateStyle: 'medium' };
    node.textContent = new Date(shape.at).toLocaleString(undefined, form);
  } else if (shape.text) {
    node.textContent = shape.text;
  }
  return node;
}

/**
 * Draw scores over time.
 *
 * @param {Plot} plot
 */
function drawingOf(plot) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('role', 'img');
  svg.setAttribute('viewBox', `0 0 ${plot.width} ${plot.height}`);
  svg.setAttribute('width', String(plot.width));
  svg.setAttribute('class', 'jp-ChallengeCell-plot');
  for (const [tag, text] of [
    ['title', plot.label],
    ['desc', plot.says]
  ]) {
    const node = document.createElementNS(SVG, tag);
    node.textContent = text;
    svg.append(node);
  }
  svg.setAttribute('aria-label', `${plot.label}. ${plot.says}`);
  for (const shape of plot.shapes) {
    const node = shapeOf(shape);
    if (node) {
      svg.append(node);
    }
  }
  return svg;
}

/**
 * Say what the lines and points are.
 *
 * @param {Array<{look: string, text: string}>} entries
 */
function legendOf(entries) {
  const list = make('ul', 'jp-ChallengeCell-legend');
  for (const entry of entries) {
    const item = make('li');
    const sample = document.createElementNS(SVG, 'svg');
    sample.setAttribute('width', '24');
    sample.setAttribute('height', '10');
    sample.setAttribute('aria-hidden', 'true');
    const isPoint = entry.look.startsWith('point');
    const mark = document.createElementNS(SVG, isPoint ? 'circle' : 'path');
    mark.setAttribute('data-look', entry.look);
    if (isPoint) {
      mark.setAttribute('cx', '12');
      mark.setAttribute('cy', '5');
      mark.setAttribute('r', '4');
    } else {
      mark.setAttribute('d', 'M0 5H24');
    }
    sample.append(mark);
    item.append(sample, make('span', '', entry.text));
    list.append(item);
  }
  return list;
}

/** A table that can be sorted; ranks stay what they are. */
class Table {
  /** @param {Words} words */
  constructor(words) {
    this._words = words;
    /** @type {Column[]} */
    this._columns = [];
    /** @type {Row[]} */
    this._rows = [];
    /** @type {Row | null} */
    this._mine = null;
    /** @type {{column: number, order: 'ascending' | 'descending'} | null} */
    this._sorted = null;
    this._head = make('tr');
    this._body = document.createElement('tbody');
    const table = make('table');
    const head = make('thead');
    head.append(this._head);
    table.append(head, this._body);
    this.table = table;
    this.node = make('div', 'jp-ChallengeCell-scroll');
    this.node.tabIndex = 0;
    this.node.setAttribute('role', 'region');
    this.node.append(table);
  }

  /**
   * Show other rows; how they are sorted and scrolled stays.
   *
   * @param {Column[]} columns
   * @param {Row[]} rows
   * @param {Row | null} mine
   */
  show(columns, rows, mine) {
    if (JSON.stringify(columns) !== JSON.stringify(this._columns)) {
      this._columns = columns;
      this._sorted = null;
      this._head.replaceChildren(
        ...columns.map((column, index) => this._title(column, index))
      );
    }
    this._rows = rows;
    this._mine = mine;
    this._draw();
  }

  /**
   * @param {Column} column
   * @param {number} index
   */
  _title(column, index) {
    const cell = make('th', column.type === 'number' ? 'jp-mod-number' : '');
    cell.setAttribute('scope', 'col');
    const button = make('button');
    button.setAttribute('type', 'button');
    button.title = fill(this._words.sort, { column: column.label });
    const arrow = make('span');
    arrow.setAttribute('aria-hidden', 'true');
    arrow.dataset.arrow = '';
    button.append(make('span', '', column.label), arrow);
    button.addEventListener('click', () => this._sort(index));
    cell.append(button);
    return cell;
  }

  /** @param {number} column */
  _sort(column) {
    const first = this._columns[column].first;
    const other = first === 'ascending' ? 'descending' : 'ascending';
    const isSame = this._sorted?.column === column;
    this._sorted = {
      column,
      order: isSame && this._sorted?.order === first ? other : first
    };
    this._draw();
  }

  _draw() {
    const sorted = this._sorted;
    [...this._head.children].forEach((cell, index) => {
      const order = sorted?.column === index ? sorted.order : null;
      const arrow = cell.querySelector('[data-arrow]');
      if (order) {
        cell.setAttribute('aria-sort', order);
      } else {
        cell.removeAttribute('aria-sort');
      }
      if (arrow) {
        arrow.textContent =
          order === 'ascending' ? '▴' : order === 'descending' ? '▾' : '';
      }
    });
    const rows = sorted
      ? [...this._rows].sort(this._comparer(sorted))
      : this._rows;
    const all = this._mine ? [...rows, this._mine] : rows;
    this._body.replaceChildren(...all.map(row => this._row(row)));
  }

  /** @param {{column: number, order: string}} sorted */
  _comparer({ column, order }) {
    const sign = order === 'ascending' ? 1 : -1;
    const compare = new Intl.Collator(this._words.language, { numeric: true })
      .compare;
    /** @type {(a: Row, b: Row) => number} */
    return (a, b) => {
      const one = a.cells[column].by;
      const two = b.cells[column].by;
      if (one === null || two === null) {
        return one === two ? 0 : one === null ? 1 : -1; // what is missing stands last
      }
      return typeof one === 'number' && typeof two === 'number'
        ? sign * (one - two)
        : sign * compare(String(one), String(two));
    };
  }

  /** @param {Row} row */
  _row(row) {
    const node = document.createElement('tr');
    if (row.mine) {
      node.dataset.mine = '';
    }
    row.cells.forEach((cell, index) => {
      const isNumber = this._columns[index].type === 'number';
      const data = make('td', isNumber ? 'jp-mod-number' : '');
      if (cell.at) {
        data.append(timeOf(cell.at, this._words));
      } else if (cell.say) {
        const shown = make('span', '', cell.text);
        shown.setAttribute('aria-hidden', 'true');
        data.append(shown, make('span', 'jp-ChallengeCell-said', cell.say));
      } else {
        data.textContent = cell.text ?? '';
        data.title = index === 2 ? data.textContent : '';
      }
      node.append(data);
    });
    return node;
  }
}

/** @param {{model: {get(name: string): any, on(event: string, call: () => void): void, off(event: string, call: () => void): void}, el: HTMLElement}} options */
function render({ model, el }) {
  /** @type {Words} */
  const words = model.get('words');
  const root = make('section', 'jp-ChallengeCell');
  const head = make('div', 'jp-ChallengeCell-head');
  const notice = make('div', 'jp-ChallengeCell-notice');
  notice.setAttribute('role', 'status');
  const main = make('div');
  const notes = make('div', 'jp-ChallengeCell-quiet');
  root.append(head, notice, main, notes);
  el.append(root);
  const table = new Table(words);
  const details = document.createElement('details');
  details.append(make('summary', '', words.table));

  const draw = () => {
    const state = model.get('state');
    const name = [state.title, ...(state.facts ?? [])].join(' · ');
    root.setAttribute('aria-label', name);
    head.replaceChildren(
      make('span', 'jp-ChallengeCell-title', state.title ?? ''),
      ...(state.facts ?? []).map((/** @type {string} */ fact) =>
        make('span', '', fact)
      )
    );
    if (state.updated) {
      const updated = timeOf(state.updated, words, words.updated);
      updated.className = 'jp-ChallengeCell-quiet';
      head.append(updated);
    }
    const said = state.notice;
    notice.dataset.kind = said?.kind ?? '';
    const since = said?.since
      ? fill(words.since, { time: exact(said.since) })
      : '';
    notice.textContent = [since, said?.text, said?.hint]
      .filter(Boolean)
      .join(' ');

    const parts = [];
    if (state.empty) {
      parts.push(make('p', '', state.empty));
    }
    if (state.plot) {
      parts.push(drawingOf(state.plot), legendOf(state.legend ?? []));
    }
    if (state.rows?.length) {
      table.show(state.columns, state.rows, state.mine);
      table.node.setAttribute('aria-label', fill(words.scroll, { name }));
      if (state.plot) {
        details.append(table.node);
      }
      parts.push(state.plot ? details : table.node);
    }
    // What is there already is not moved, so that it keeps its focus and where it is scrolled to.
    if (
      parts.length !== 1 ||
      main.children.length !== 1 ||
      main.firstChild !== parts[0]
    ) {
      main.replaceChildren(...parts);
    }
    notes.replaceChildren(
      ...(state.notes ?? []).map((/** @type {string} */ note) =>
        make('div', '', note)
      )
    );
  };

  draw();
  model.on('change:state', draw);
  const clock = setInterval(() => tick(root, words), 30_000);
  return () => {
    clearInterval(clock);
    model.off('change:state', draw);
  };
}

/**
 * Hear the kernel also where this module came late.
 *
 * anywidget hands on what the kernel says once the module is there; where that took more than two
 * seconds (a busy machine, a busy page) it hands on nothing any more. What is said from here on
 * goes straight to the model then, and the kernel is asked for what was missed.
 *
 * @param {any} model
 */
async function hear(model) {
  const own = await model.widget_manager?.get_model?.(model.get('own'));
  if (!own?.comm || !own._handle_comm_msg) {
    return;
  }
  try {
    // Nobody knows this method, so that nothing is done; it fails where anywidget has given up.
    await own._handle_comm_msg({ content: { data: { method: 'heard' } } });
  } catch {
    const above = Object.getPrototypeOf(Object.getPrototypeOf(own));
    own.comm.on_msg((/** @type {any} */ message) =>
      above._handle_comm_msg.call(own, message)
    );
    own.comm.send({ method: 'request_state' }, {});
  }
}

/** @param {{model: any}} options */
function initialize({ model }) {
  hear(model).catch(() => undefined); // a place without JupyterLab's way of widgets
}

export default { initialize, render };
