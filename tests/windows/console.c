/* Runs a program on a console of its own, and has that console send it an event as soon as a file is there:
 *
 *   console.exe EVENT FILE COMMAND
 *
 * EVENT is 1 for Ctrl-Break, and 2 for a console that closes, which only Wine lets a program say. The exit code is that of
 * the command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <winioctl.h>

/* Of Wine: include/wine/condrv.h. */
#define SEND_EVENT CTL_CODE(0x50, 19, METHOD_BUFFERED, FILE_ANY_ACCESS)

static HANDLE started(char *command, DWORD flags, DWORD *id)
{
    STARTUPINFOA startup = { .cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES };
    PROCESS_INFORMATION process;
    startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    if (!CreateProcessA(NULL, command, NULL, NULL, TRUE, flags, NULL, NULL, &startup, &process)) {
        fprintf(stderr, "console.exe: cannot start %s: %lu\n", command, GetLastError());
        exit(3);
    }
    *id = process.dwProcessId;
    return process.hProcess;
}

static DWORD ended(HANDLE process)
{
    DWORD code = 3;
    WaitForSingleObject(process, INFINITE);
    GetExitCodeProcess(process, &code);
    return code;
}

static void emit(int event, DWORD group)
{
    struct { int event; unsigned int group; } sent = { event, group };
    char *block = (char *)__readgsqword(0x60), *parameters = *(char **)(block + 0x20);
    DWORD size;
    if (!DeviceIoControl(*(HANDLE *)(parameters + 0x10), SEND_EVENT, &sent, sizeof sent, NULL, 0, &size, NULL))
        fprintf(stderr, "console.exe: the console does not send event %d: %lu\n", event, GetLastError());
}

int main(int count, char **given)
{
    char command[4096] = "console.exe inside";
    DWORD id;
    int inside = count > 1 && !strcmp(given[1], "inside");
    if (count < 4 + inside) return 2;
    if (inside) command[0] = 0;
    for (int at = inside ? 4 : 1; at < count; at++) {
        strcat(command, " ");
        strcat(command, given[at]);
    }
    if (!inside) return ended(started(command, CREATE_NO_WINDOW, &id));
    HANDLE process = started(command, CREATE_NEW_PROCESS_GROUP, &id);
    while (GetFileAttributesA(given[3]) == INVALID_FILE_ATTRIBUTES) Sleep(50);
    emit(atoi(given[2]), id);
    return ended(process);
}
