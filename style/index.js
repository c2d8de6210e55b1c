import './base.css';
import './page.css';
import './sidebar.css';
import './submit.css';
import './run.css';
import './board.css';
import './organise.css';
import './compare.css';
