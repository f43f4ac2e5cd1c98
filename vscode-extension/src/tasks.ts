// `toro build` as a task of the editor's: for Ctrl+Shift+B, and for a preLaunchTask of one's own.
import * as vscode from 'vscode';
import { buildTaskArguments } from './command-line';
import { projectName, type Workbench } from './workbench';

interface Definition extends vscode.TaskDefinition {
  readonly sample?: string;
  readonly board?: string;
  readonly config?: string;
}

export function registerTasks(workbench: Workbench): vscode.Disposable {
  const task = (definition: Definition, project: string): vscode.Task => {
    const toro = workbench.toro(project);
    const execution = new vscode.ProcessExecution(toro.command, buildTaskArguments(project, { ...workbench.board.chosen, ...definition }));
    const made = new vscode.Task(definition, vscode.TaskScope.Workspace, `build ${projectName(project)}`, 'toro', execution, '$toro');
    made.group = vscode.TaskGroup.Build;
    return made;
  };
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      workbench.log(`Tasks: ${error instanceof Error ? error.message : String(error)}`); // a list of tasks is no place for a message
      return undefined;
    }
  };
  return vscode.tasks.registerTaskProvider('toro', {
    provideTasks: () => {
      const project = workbench.projectAtHand();
      const found = project === undefined ? undefined : attempt(() => task({ type: 'toro', sample: project }, project));
      return found ? [found] : [];
    },
    resolveTask: ({ definition }) => {
      const { sample } = definition as Definition;
      const project = sample ?? workbench.projectAtHand();
      return project === undefined ? undefined : attempt(() => task(definition as Definition, project));
    },
  });
}
