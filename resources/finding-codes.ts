// Every finding that users can meet, in one table: level, title and mend. docs/reference/findings.md is made from it.
// SLU01xx reading and validating, SLU02xx references and translation, SLU03xx environment and run time.

export type FindingLevel = 'error' | 'warning' | 'info';

export interface FindingText {
  readonly level: FindingLevel;
  /** What is wrong, in general. */
  readonly title: string;
  /** What to do, in general; a Finding may say it more precisely. */
  readonly mend: string;
}

export type FindingCode =
  | 'SLU0101'
  | 'SLU0102'
  | 'SLU0103'
  | 'SLU0104'
  | 'SLU0105'
  | 'SLU0106'
  | 'SLU0107'
  | 'SLU0108'
  | 'SLU0109'
  | 'SLU0110'
  | 'SLU0111'
  | 'SLU0112'
  | 'SLU0113'
  | 'SLU0114'
  | 'SLU0115'
  | 'SLU0116'
  | 'SLU0117'
  | 'SLU0118'
  | 'SLU0301'
  | 'SLU0302';
// SLU02xx: gateway/translate adds its codes here.
// SLU03xx: agent adds its codes here.

export const FINDING_CODES: Readonly<Record<FindingCode, FindingText>> = {
  SLU0101: error('the file is not valid YAML or JSON', 'mend the syntax at this place'),
  SLU0102: error('not a Kubernetes object', 'give it apiVersion, kind and metadata.name'),
  SLU0103: error('a field has a value that is not allowed', 'write a value that the field allows'),
  SLU0104: error('a field that the kind does not have', 'correct the name or remove the field'),
  SLU0105: error('a required field is missing', 'add the field'),
  SLU0106: error('a rule of the API does not hold', 'change the fields that the rule names'),
  SLU0107: error('an unknown kind', 'write one of the kinds served'),
  SLU0108: warning(
    'a kind of Kubernetes that is not served; it is ignored',
    'nothing, or remove it from the directory',
  ),
  SLU0109: error('an API version that is not served', 'write one of the versions served'),
  SLU0110: error('the same object stands in two places; one of them is served', 'remove one of them'),
  SLU0111: error(
    'a name, label or annotation that the API does not allow',
    'write a name that the API allows',
  ),
  SLU0112: error('two items of a list have the same key', 'remove one of them'),
  SLU0113: error('the file cannot be read', 'make the file readable for this process'),
  SLU0114: warning('the last good content of the file goes on being served', 'mend the errors of the file'),
  SLU0115: error(
    'the directory cannot be read; its last state goes on being served',
    'restore the directory',
  ),
  SLU0116: warning('the directory holds no manifest', 'put *.yaml, *.yml or *.json files into it'),
  SLU0117: warning('a plain word that kubectl reads as a boolean', 'put it in quotes'),
  SLU0118: warning(
    'the system grants no more file watches; changes are found by looking every second',
    'raise fs.inotify.max_user_watches or fs.inotify.max_user_instances',
  ),

  // SLU02xx: gateway/translate adds its codes here, with titles for people who write Gateways and Routes.

  // SLU03xx: agent adds its codes here: ports, kernel features, capabilities, files of the run.
  SLU0301: error('a port of a Gateway cannot be opened', 'free the port or give the listener another'),
  SLU0302: error(
    'the kernel did not take the Services; it goes on with those of the revision before',
    'change what the message names',
  ),
};

function error(title: string, mend: string): FindingText {
  return { level: 'error', title, mend };
}

function warning(title: string, mend: string): FindingText {
  return { level: 'warning', title, mend };
}
