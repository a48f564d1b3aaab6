using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>
/// A file system for SQLite's writers (https://www.sqlite.org/vfs.html): the operating system's own, except that what a transaction appends to its log is
/// gathered and written at once when it is flushed. SQLite by itself makes two system calls for every page, which cost more than the copying.
/// Readers see a log only up to the last commit, and a commit flushes before it says where the log ends: so nobody misses what is still gathered.
/// </summary>
internal static unsafe class SqliteLogBuffer
{
    /// <summary>For <see cref="SqliteNative.Open"/>.</summary>
    public const string Name = "basin";

    /// <summary>SQLite's file system for Unix takes less than 128 KiB at once.</summary>
    private const int Capacity = 124 * 1024;

    private const int OpenLog = 0x80000;

    /// <summary>Without it SQLite fills up the last sector of a commit after the flush, and has told readers of that before the next.</summary>
    private const int SafeOverwrite = 0x1000;

    private static FileSystem* _system;
    private static FileMethods* _methods;

    /// <summary>Makes <see cref="Name"/> known; once in a process.</summary>
    public static void Register()
    {
        _system = SqliteNative.FindFileSystem(null);
        _methods = (FileMethods*)NativeMemory.AllocZeroed((nuint)sizeof(FileMethods));
        *_methods = new FileMethods
        {
            Version = 1,
            Close = &Close,
            Read = &Read,
            Write = &Write,
            Truncate = &Truncate,
            Sync = &Sync,
            Size = &Size,
            Control = &Control,
            SectorSize = &SectorSize,
            Characteristics = &Characteristics,
        };
        if (_system is null || _system->Version < 3)
            throw new InvalidOperationException("The operating system's SQLite has a file system of another kind than this one stands on.");
        var own = (FileSystem*)NativeMemory.AllocZeroed((nuint)sizeof(FileSystem));
        *own = *_system;
        own->Name = (byte*)Marshal.StringToCoTaskMemUTF8(Name);
        own->Version = 3;
        own->FileBytes += sizeof(LogFile);
        own->Next = null;
        own->Open = &Open;
        if (SqliteNative.RegisterFileSystem(own, makeDefault: 0) != SqliteNative.Ok)
            throw new InvalidOperationException("SQLite does not take a file system.");
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(FileSystem* system, byte* path, LogFile* file, int flags, int* flagsOut)
    {
        if ((flags & OpenLog) == 0)
            return _system->Open(_system, path, file, flags, flagsOut);
        *file = default;
        var code = _system->Open(_system, path, file->Real, flags, flagsOut);
        // SQLite closes what has methods, whatever the code says.
        if (file->Real->Methods is not null)
            file->Methods = _methods;
        if (code == SqliteNative.Ok)
            file->IsDirect = (file->Real->Methods->Characteristics(file->Real) & SafeOverwrite) == 0 ? 1 : 0;
        return code;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(LogFile* file)
    {
        // What was gathered and not flushed is of a transaction that nobody commits any more.
        NativeMemory.Free(file->Gathered);
        return file->Real->Methods->Close(file->Real);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(LogFile* file, byte* bytes, int count, long offset) =>
        Flush(file) != SqliteNative.Ok ? SqliteNative.WriteError : file->Real->Methods->Read(file->Real, bytes, count, offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(LogFile* file, byte* bytes, int count, long offset)
    {
        var isNext = offset == file->Start + file->Used && file->Used + count <= Capacity;
        if (!isNext && Flush(file) is var code && code != SqliteNative.Ok)
            return code;
        if (count > Capacity || file->IsDirect != 0)
            return file->Real->Methods->Write(file->Real, bytes, count, offset);
        if (file->Gathered is null)
            file->Gathered = (byte*)NativeMemory.Alloc(Capacity);
        if (file->Used == 0)
            file->Start = offset;
        Unsafe.CopyBlockUnaligned(file->Gathered + file->Used, bytes, (uint)count);
        file->Used += count;
        return SqliteNative.Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(LogFile* file, long size) =>
        Flush(file) is var code && code != SqliteNative.Ok ? code : file->Real->Methods->Truncate(file->Real, size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(LogFile* file, int flags) =>
        Flush(file) is var code && code != SqliteNative.Ok ? code : file->Real->Methods->Sync(file->Real, flags);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Size(LogFile* file, long* size) =>
        Flush(file) != SqliteNative.Ok ? SqliteNative.WriteError : file->Real->Methods->Size(file->Real, size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Control(LogFile* file, int operation, void* argument) => file->Real->Methods->Control(file->Real, operation, argument);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SectorSize(LogFile* file) => file->Real->Methods->SectorSize(file->Real);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Characteristics(LogFile* file) => file->Real->Methods->Characteristics(file->Real);

    /// <summary>
    /// Writes what was gathered. After a failure it is gone, so the transaction must not go on; the next one begins at the same place. A full disk that shows in
    /// a read is told as an error of the device, because SQLite would only undo the statement for it.
    /// </summary>
    private static int Flush(LogFile* file)
    {
        if (file->Used == 0)
            return SqliteNative.Ok;
        var count = (int)file->Used;
        file->Used = 0;
        return file->Real->Methods->Write(file->Real, file->Gathered, count, file->Start);
    }

    /// <summary>A <c>sqlite3_file</c>, followed by that of the operating system's file system.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct LogFile
    {
        public FileMethods* Methods;
        public byte* Gathered;
        public long Start;
        public long Used;
        public long IsDirect;

        public LogFile* Real => (LogFile*)((byte*)Unsafe.AsPointer(ref this) + sizeof(LogFile));
    }

    /// <summary>The first version of <c>sqlite3_io_methods</c>: a log is neither locked nor shared through it, nor mapped.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct FileMethods
    {
        public int Version;
        public delegate* unmanaged[Cdecl]<LogFile*, int> Close;
        public delegate* unmanaged[Cdecl]<LogFile*, byte*, int, long, int> Read;
        public delegate* unmanaged[Cdecl]<LogFile*, byte*, int, long, int> Write;
        public delegate* unmanaged[Cdecl]<LogFile*, long, int> Truncate;
        public delegate* unmanaged[Cdecl]<LogFile*, int, int> Sync;
        public delegate* unmanaged[Cdecl]<LogFile*, long*, int> Size;
        public nint Lock;
        public nint Unlock;
        public nint CheckReservedLock;
        public delegate* unmanaged[Cdecl]<LogFile*, int, void*, int> Control;
        public delegate* unmanaged[Cdecl]<LogFile*, int> SectorSize;
        public delegate* unmanaged[Cdecl]<LogFile*, int> Characteristics;
    }

    /// <summary>A <c>sqlite3_vfs</c> of version 3.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct FileSystem
    {
        public int Version;
        public int FileBytes;
        public int MaxPath;
        public FileSystem* Next;
        public byte* Name;
        public nint Data;
        public delegate* unmanaged[Cdecl]<FileSystem*, byte*, LogFile*, int, int*, int> Open;
        public Others TheRest;
    }

    /// <summary>The other functions of version 3, which are the system's own.</summary>
    [InlineArray(15)]
    internal struct Others
    {
        private nint _first;
    }
}
