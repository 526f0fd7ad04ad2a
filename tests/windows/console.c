/* Runs a program, and tells it an event of its console as soon as a file is there:
 *
 *   console.exe EVENT FILE COMMAND
 *
 * EVENT is 1 for Ctrl-Break, and 2 for a console that closes. The exit code is that of the command. What tells it is what
 * Windows itself does: a thread in the program that begins where its handlers are called. Wine's own console would tell
 * Ctrl-C alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static HANDLE started(char *command)
{
    STARTUPINFOA startup = { .cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES };
    PROCESS_INFORMATION process;
    startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    if (!CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) {
        fprintf(stderr, "console.exe: cannot start %s: %lu\n", command, GetLastError());
        exit(3);
    }
    return process.hProcess;
}

static void tell(HANDLE process, size_t event)
{
    /* A library of the system is at the same place in all programs. */
    FARPROC handlers = GetProcAddress(GetModuleHandleA("kernelbase.dll"), "CtrlRoutine");
    if (!handlers || !CreateRemoteThread(process, NULL, 0, (LPTHREAD_START_ROUTINE)(void *)handlers, (void *)event, 0, NULL))
        fprintf(stderr, "console.exe: cannot tell event %u: %lu\n", (unsigned)event, GetLastError());
}

int main(int count, char **given)
{
    char command[4096] = "";
    DWORD code = 3;
    if (count < 4) return 2;
    for (int at = 3; at < count; at++) {
        /* A command that begins with a space names no program. */
        if (command[0]) strcat(command, " ");
        strcat(command, given[at]);
    }
    HANDLE process = started(command);
    while (GetFileAttributesA(given[2]) == INVALID_FILE_ATTRIBUTES) Sleep(50);
    tell(process, atoi(given[1]));
    WaitForSingleObject(process, INFINITE);
    GetExitCodeProcess(process, &code);
    return code;
}
