#compdef draft-tasks
_draft_tasks() {
    # Words as they are without their quotes; of the one at the cursor what stands in front of it.
    local -a asked=("${(@Q)words}")
    asked[CURRENT]=${(Q)PREFIX}
    local -a found=("${(@f)$(VARIABLE=zsh _CLAP_COMPLETE_INDEX=$((CURRENT - 1)) _CLAP_IFS=$'\n' \
        COMPLETER -- "${asked[@]}" 2> /dev/null)}")
    [[ -n $found ]] || return 1
    local -a folders=("${(@M)found:#*/}") others=("${(@)found:#*/}")
    folders=("${(@)folders%/}")
    (( $#folders )) && _describe -V values folders -S / -r /
    (( $#others )) && _describe -V values others
}
compdef _draft_tasks draft-tasks
