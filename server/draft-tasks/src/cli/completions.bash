_draft_tasks() {
    # What is offered is no pattern of files.
    local -
    set -f
    local IFS=$'\013' word=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]}")
    # Behind `=` and `:`, which are words, Bash completes an empty one.
    [[ $word == [=:]* && -z $2 ]] || words[COMP_CWORD]=$2
    COMPREPLY=($(VARIABLE=bash _CLAP_COMPLETE_INDEX=$COMP_CWORD _DRAFT_TASKS_QUOTE=${word:0:1} \
        COMPLETER -- "${words[@]}" 2> /dev/null))
    case ${COMPREPLY-} in
    */ | *=) compopt -o nospace 2> /dev/null ;;
    esac
}
complete -o bashdefault -o nosort -F _draft_tasks draft-tasks
