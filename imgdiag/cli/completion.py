"""`imgdiag completion`: for bash, zsh and fish: commands, images and rules.

click makes the scripts, which ask imgdiag itself at each key press.
"""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", metavar="SHELL", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print the completion script for SHELL: bash, zsh or fish.

    It completes commands and options, images by the engine's own list, archives in the working
    folder, and the names of rules.

    \b
    Examples:
      imgdiag completion bash > ~/.local/share/bash-completion/completions/imgdiag
      imgdiag completion zsh > ~/.zfunc/_imgdiag  # a folder of your fpath
      imgdiag completion fish > ~/.config/fish/completions/imgdiag.fish
      source <(imgdiag completion bash)           # for this shell alone
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.cli._completion import script

    click.echo(script(shell), nl=False)
